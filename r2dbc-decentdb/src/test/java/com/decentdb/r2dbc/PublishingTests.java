package com.decentdb.r2dbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** The poms of what is published agree with each other, and have what a repository asks of them. */
class PublishingTests {

    private static final Path ROOT = Path.of("..");
    private static final String BOM = "decentdb-bom";
    /** Modules that nobody depends on. */
    private static final Set<String> PROGRAMS = Set.of("examples", "benchmarks");

    private static List<String> read(String module, String path) throws Exception {
        Document pom = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(ROOT.resolve(module).resolve("pom.xml").toFile());
        NodeList nodes = (NodeList)
                XPathFactory.newInstance().newXPath().evaluate(path + "/text()", pom, XPathConstants.NODESET);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            texts.add(nodes.item(i).getNodeValue().strip());
        }
        return texts;
    }

    @Test
    void theBillOfMaterialsListsEveryLibrary() throws Exception {
        List<String> libraries = read(".", "//modules/module").stream()
                .filter(module -> !module.equals(BOM) && !PROGRAMS.contains(module))
                .toList();

        assertThat(read(BOM, "//dependency/artifactId")).containsExactlyInAnyOrderElementsOf(libraries);
        assertThat(read(BOM, "//dependency/groupId")).containsOnly("com.decentdb");
        assertThat(read(BOM, "//dependency/version")).containsOnly("${project.version}");
    }

    @Test
    void theBillOfMaterialsHasTheVersionOfTheProject() throws Exception {
        for (String path : List.of("/project/version", "//repository.url", "//project.build.outputTimestamp")) {
            assertThat(read(BOM, path)).as(path).hasSize(1).isEqualTo(read(".", path));
        }
    }

    @Test
    void everyLibrarySaysWhatRepositoriesAskFor() throws Exception {
        for (String module : List.of(".", BOM)) {
            for (String path : List.of(
                    "/project/url",
                    "/project/licenses/license/name",
                    "/project/developers/developer/name",
                    "/project/scm/url",
                    "/project/scm/connection")) {
                assertThat(read(module, path)).as(module + path).isNotEmpty();
            }
        }
        for (String module : read(".", "//modules/module")) {
            assertThat(read(module, "/project/name")).as(module).isNotEmpty();
            assertThat(read(module, "/project/description")).as(module).isNotEmpty();
        }
    }
}
