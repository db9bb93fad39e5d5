package com.decentdb.r2dbc.api.cluster;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.List;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The nodes in a file. */
final class YamlNodeStore implements NodeStore {

    private static final int MOST_BYTES = 1024 * 1024;

    private final Path file;
    private final Path folder;

    YamlNodeStore(Path file) {
        Path absolute = file.toAbsolutePath();
        Path parent = absolute.getParent();
        if (parent == null) {
            throw new IllegalArgumentException("A file of nodes has a name; there is none in " + absolute);
        }
        this.file = absolute;
        this.folder = parent;
    }

    @Override
    public Mono<List<ClusterNode>> nodes() {
        return Mono.fromCallable(this::read).subscribeOn(Schedulers.boundedElastic());
    }

    @Override
    public Mono<Void> update(List<ClusterNode> nodes) {
        return Mono.<Void>fromCallable(() -> {
                    write(NodeYaml.write(nodes));
                    return null;
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    private List<ClusterNode> read() throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw new IOException("The file of nodes " + file + " is larger than 1 MiB");
            }
            return NodeYaml.read(new String(bytes, StandardCharsets.UTF_8));
        } catch (NoSuchFileException e) {
            throw new IOException("There is no file of nodes " + file, e);
        } catch (IllegalArgumentException e) {
            throw new IOException("The file of nodes " + file + " cannot be read. " + e.getMessage(), e);
        }
    }

    /** Whoever reads the file at any time, after a crash too, finds the old nodes or the new ones. */
    private synchronized void write(String text) throws IOException {
        if (Files.isSymbolicLink(file)) {
            throw new IOException("The file of nodes " + file + " is a symbolic link, which is not written through;"
                    + " name the file it leads to");
        }
        Path written = Files.createTempFile(folder, "." + file.getFileName(), ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(written, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            keepPermissions(written);
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(written);
        }
        syncFolder();
    }

    /** A temporary file may be read by its owner only; the nodes that share the file may run as others. */
    private void keepPermissions(Path written) throws IOException {
        PosixFileAttributeView before = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (before != null && Files.exists(file)) {
            Files.setPosixFilePermissions(written, before.readAttributes().permissions());
        }
    }

    private void syncFolder() throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (AccessDeniedException e) {
            // Windows opens no folder, and does not lose a rename.
            return;
        }
    }

    @Override
    public String toString() {
        return "NodeStore[" + file + "]";
    }
}
