package com.decentdb.ffi;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The engine of the jar as a file, unpacked once for all programs of a user. The file is named after its content, so
 * that every class loader of a process opens the same one: the process then has one engine, whose locks they share.
 */
final class EngineCache {

    /** Names the folder to unpack to, in place of the default ones. */
    static final String PROPERTY = "decentdb.cache.dir";

    private static final boolean UNIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("unix");
    private static final FileAttribute<?>[] PRIVATE = UNIX
            ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
            }
            : new FileAttribute<?>[0];
    private static final int WRITABLE_BY_GROUP_OR_OTHERS = 022;
    private static final int WRITABLE_BY_OTHERS = 02;
    private static final int STICKY = 01000;
    private static final Integer ROOT = 0;
    private static final int CHUNK = 1 << 16;
    private static final String TEMPORARY = ".tmp";
    private static final long LEFTOVER_MILLIS = 3_600_000;

    private final URL resource;
    private final String name;
    private final String version;
    private final long size;
    private final String digest;

    /**
     * Reads the description of the engine, which the build puts beside it: version, size and SHA-256.
     *
     * @throws IOException if it cannot be read
     */
    EngineCache(URL resource, String name, @Nullable InputStream description) throws IOException {
        if (description == null) {
            throw new IOException("the jar lacks the digest of its engine");
        }
        String[] words;
        try (description) {
            words = new String(description.readAllBytes(), StandardCharsets.UTF_8)
                    .trim()
                    .split(" ", -1);
        }
        if (words.length != 3) {
            throw new IOException("the jar's digest of its engine is damaged");
        }
        this.resource = resource;
        this.name = name;
        this.version = words[0];
        this.size = Long.parseLong(words[1]);
        this.digest = words[2];
    }

    /** Returns the version of the project whose build packed this engine. */
    String version() {
        return version;
    }

    /** Returns the folders to unpack to, the first choice first. A folder that is named by the property is the only one. */
    static List<Path> folders(Map<String, String> environment) {
        List<Path> folders = new ArrayList<>();
        String named = System.getProperty(PROPERTY);
        if (named != null) {
            add(folders, named, "");
            return folders;
        }
        String cache = environment.get("XDG_CACHE_HOME");
        if (cache == null || !cache.startsWith("/")) {
            add(folders, System.getProperty("user.home"), ".cache");
        } else {
            add(folders, cache, "");
        }
        add(folders, System.getProperty("jna.tmpdir"), "");
        add(folders, System.getProperty("java.io.tmpdir"), "decentdb-" + System.getProperty("user.name"));
        return folders;
    }

    /**
     * Returns the engine's file in a folder, and writes it if it is missing or damaged. Programs may do so at once.
     *
     * @throws IOException if the folder does not serve: it cannot be written, others can write it, or it forbids to
     *     execute files
     */
    Path unpack(Path folder) throws IOException {
        Path base = folder.resolve("decentdb");
        if (!Files.isDirectory(base, LinkOption.NOFOLLOW_LINKS)) {
            createPrivately(folder);
            createPrivately(base);
        }
        Path home = base.resolve(version + "-" + digest);
        if (!Files.isDirectory(home, LinkOption.NOFOLLOW_LINKS)) {
            createPrivately(home);
        }
        requirePrivacy(folder, base, home);
        Path file = home.resolve(name);
        if (!intact(file)) {
            write(home, file);
        }
        if (!Files.isExecutable(file)) {
            throw new IOException("files there must not be executed; the file system may be mounted with noexec");
        }
        return file.toRealPath();
    }

    private static void add(List<Path> folders, @Nullable String folder, String child) {
        if (folder == null || folder.isEmpty()) {
            return;
        }
        try {
            folders.add(Path.of(folder, child).toAbsolutePath());
        } catch (InvalidPathException e) {
            // The JVM runs in a locale that cannot express this name: the next folder serves.
        }
    }

    private static void createPrivately(Path folder) throws IOException {
        Files.createDirectories(folder, PRIVATE);
    }

    /** Another user who could replace the file could run code as this one. */
    private static void requirePrivacy(Path folder, Path base, Path home) throws IOException {
        if (!UNIX) {
            return;
        }
        int mode = (Integer) Files.getAttribute(folder, "unix:mode");
        if ((mode & WRITABLE_BY_OTHERS) != 0 && (mode & STICKY) == 0) {
            throw new IOException("every user can write " + folder);
        }
        for (Path own : new Path[] {base, home}) {
            Map<String, Object> found = unix(own);
            if (!Boolean.TRUE.equals(found.get("isDirectory"))) {
                throw new IOException(own + " is not a folder");
            }
            if (!ownAlone(found)) {
                throw new IOException("another user owns or can write " + own);
            }
        }
    }

    private static Map<String, Object> unix(Path path) throws IOException {
        return Files.readAttributes(
                path, "unix:mode,uid,size,lastModifiedTime,isDirectory,isRegularFile", LinkOption.NOFOLLOW_LINKS);
    }

    private static boolean ownAlone(Map<String, Object> found) {
        if (!(found.get("mode") instanceof Integer mode) || (mode & WRITABLE_BY_GROUP_OR_OTHERS) != 0) {
            return false;
        }
        Object owner = found.get("uid");
        // A process that may not be inspected does not own its entry in /proc; its user owns the home folder.
        return owner != null
                && (owner.equals(ROOT)
                        || owner.equals(owner("/proc/self"))
                        || owner.equals(owner(System.getProperty("user.home"))));
    }

    private static @Nullable Object owner(String path) {
        try {
            return Files.getAttribute(Path.of(path), "unix:uid");
        } catch (IOException | InvalidPathException e) {
            return null;
        }
    }

    /** Returns whether the file has the content of the resource. One that was verified bears a time that no writer leaves. */
    private boolean intact(Path file) throws IOException {
        Map<String, Object> found;
        try {
            found = UNIX
                    ? unix(file)
                    : Files.readAttributes(file, "size,lastModifiedTime,isRegularFile", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return false;
        }
        if (!Boolean.TRUE.equals(found.get("isRegularFile"))
                || (UNIX && !ownAlone(found))
                || !Long.valueOf(size).equals(found.get("size"))) {
            return false;
        }
        if (verified().equals(found.get("lastModifiedTime"))) {
            return true;
        }
        MessageDigest sha = sha256();
        try (InputStream in = Files.newInputStream(file)) {
            copy(in, null, sha);
        }
        if (!digest.equals(hex(sha))) {
            return false;
        }
        try {
            Files.setLastModifiedTime(file, verified());
        } catch (IOException e) {
            // Its owner is the administrator: every program verifies it.
        }
        return true;
    }

    /** Returns the modification time of a verified file: a time long past that depends on the content. */
    private FileTime verified() {
        return FileTime.fromMillis(1000 * (1_000_000_000L + Integer.parseInt(digest.substring(0, 7), 16)));
    }

    /** Writes a second file and moves it into place, since a program may have the old one mapped. */
    private void write(Path home, Path file) throws IOException {
        // The lock ends with the channel, or with the process.
        try (FileChannel channel =
                FileChannel.open(home.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            lock(channel);
            if (intact(file)) {
                return;
            }
            deleteLeftovers(home);
            Path temporary = Files.createTempFile(home, name, TEMPORARY, PRIVATE);
            try {
                MessageDigest sha = sha256();
                try (InputStream in = resource.openStream();
                        FileChannel out = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                    copy(in, out, sha);
                    out.force(true);
                }
                if (!digest.equals(hex(sha))) {
                    throw new IOException("the engine in the jar is damaged");
                }
                Files.setLastModifiedTime(temporary, verified());
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        }
    }

    /** Waits for other processes, and for other class loaders of this one, to which the system grants the same lock. */
    private static void lock(FileChannel channel) throws IOException {
        while (true) {
            try {
                channel.lock();
                return;
            } catch (OverlappingFileLockException e) {
                try {
                    Thread.sleep(5);
                } catch (InterruptedException interrupt) {
                    Thread.currentThread().interrupt();
                    throw new IOException("interrupted while another class loader unpacks the engine", interrupt);
                }
            }
        }
    }

    /** Programs that were killed left these. The lock holder alone writes an engine; JNA's own files are in use briefly. */
    private void deleteLeftovers(Path home) throws IOException {
        long old = System.currentTimeMillis() - LEFTOVER_MILLIS;
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(home, "*" + TEMPORARY)) {
            for (Path leftover : leftovers) {
                if (leftover.getFileName().toString().startsWith(name)
                        || Files.getLastModifiedTime(leftover, LinkOption.NOFOLLOW_LINKS)
                                        .toMillis()
                                < old) {
                    Files.deleteIfExists(leftover);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private static void copy(InputStream in, @Nullable FileChannel out, MessageDigest sha) throws IOException {
        byte[] chunk = new byte[CHUNK];
        for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
            sha.update(chunk, 0, read);
            ByteBuffer content = ByteBuffer.wrap(chunk, 0, read);
            while (out != null && content.hasRemaining()) {
                out.write(content);
            }
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String hex(MessageDigest sha) {
        return HexFormat.of().formatHex(sha.digest());
    }
}
