package com.decentdb.r2dbc.api.cluster;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The little YAML that files of nodes are made of: a list of maps of three keys, each on a line of its own. */
final class NodeYaml {

    private static final Pattern ENTRY = Pattern.compile("(- +| +)(\\w+): *(.*?) *");
    private static final Pattern QUOTED = Pattern.compile("\"([^\"\\\\]*)\"|'([^']*)'");
    private static final List<String> KEYS = List.of("ID", "Address", "Role");

    private NodeYaml() {}

    /**
     * Reads the nodes.
     *
     * @throws IllegalArgumentException if the text is something else; the message names the line
     */
    static List<ClusterNode> read(String text) {
        List<Map<String, String>> maps = new ArrayList<>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            String content = line.replaceAll("(^|\\s)#.*$", "").stripTrailing();
            if (content.isBlank() || content.equals("---") || content.equals("[]")) {
                continue;
            }
            Matcher entry = ENTRY.matcher(content);
            boolean readable = entry.matches() && KEYS.contains(entry.group(2));
            if (!readable || (maps.isEmpty() && !content.startsWith("-"))) {
                throw malformed(number, "'" + content + "' is none of ID, Address and Role of a list of nodes");
            }
            if (content.startsWith("-")) {
                maps.add(new LinkedHashMap<>());
            }
            if (maps.get(maps.size() - 1).put(entry.group(2), value(entry.group(3))) != null) {
                throw malformed(number, "it has a second " + entry.group(2) + " of the same node");
            }
        }
        return maps.stream().map(NodeYaml::node).toList();
    }

    static String write(List<ClusterNode> nodes) {
        StringBuilder text = new StringBuilder();
        for (ClusterNode node : requireNodes(nodes)) {
            text.append("- ID: ").append(Long.toUnsignedString(node.id()));
            text.append("\n  Address: ").append(scalar(node.address()));
            text.append("\n  Role: ").append(node.role().number()).append('\n');
        }
        return text.toString();
    }

    /** A store without nodes would never find its cluster again. */
    static List<ClusterNode> requireNodes(List<ClusterNode> nodes) {
        if (nodes.isEmpty()) {
            throw new IllegalArgumentException("A store of nodes cannot be left without any");
        }
        return List.copyOf(nodes);
    }

    private static ClusterNode node(Map<String, String> map) {
        String address = map.get("Address");
        if (address == null) {
            throw new IllegalArgumentException("The node " + map + " has no Address");
        }
        return new ClusterNode(id(map.getOrDefault("ID", "0")), address, role(map.getOrDefault("Role", "0")));
    }

    private static long id(String text) {
        try {
            return Long.parseUnsignedLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("The ID '" + text + "' is no number from 0 to 2^64-1", e);
        }
    }

    private static NodeRole role(String text) {
        return switch (text) {
            case "0" -> NodeRole.VOTER;
            case "1" -> NodeRole.STANDBY;
            case "2" -> NodeRole.SPARE;
            default -> throw new IllegalArgumentException("The Role '" + text + "' is none of 0, 1 and 2");
        };
    }

    private static String value(String scalar) {
        Matcher quoted = QUOTED.matcher(scalar);
        if (!quoted.matches()) {
            return scalar;
        }
        return quoted.group(1) == null ? quoted.group(2) : quoted.group(1);
    }

    /** In quotes where YAML would take it for something else, as it does an address that begins with a bracket. */
    private static String scalar(String address) {
        boolean plain = address.matches("[A-Za-z0-9][A-Za-z0-9.:/_-]*");
        return plain ? address : "'" + address.replace("'", "''") + "'";
    }

    private static IllegalArgumentException malformed(int line, String why) {
        return new IllegalArgumentException("Line " + line + ": " + why);
    }
}
