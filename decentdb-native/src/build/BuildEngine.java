import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Puts the bundled engine for this platform into the folder of the jar's resources. A library is current when the
 * digest of sources embedded in it equals the digest of the sources beside it.
 *
 * <p>Beside the library goes a line with the version of the project, the size of the library and its SHA-256, by which
 * a JVM recognises the file it unpacked earlier.
 *
 * <p>Arguments: the engine's folder, the folder for resources, the version of the project, and a mode: {@code auto} takes the committed library if
 * it is current and builds otherwise, {@code source} always builds, {@code refresh} builds and replaces the committed
 * library, {@code none} leaves the engine out.
 */
final class BuildEngine {

    private static final String MARK = "ddb-engine-source-digest:";
    private static final int DIGEST_LENGTH = 64;

    private final Path engine;
    private final Path target;
    private final Path prebuilt;
    private final String library = System.mapLibraryName("decentdb");
    private final String digest;

    private BuildEngine(Path engine, Path resources) throws IOException {
        String platform = platform();
        this.engine = engine;
        this.target = resources.resolve(platform).resolve(library);
        this.prebuilt = engine.resolve("prebuilt").resolve(platform).resolve(library);
        this.digest = digestOfSources();
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        String mode = args[3];
        if (mode.equals("none")) {
            return;
        }
        try {
            new BuildEngine(Path.of(args[0]), Path.of(args[1])).run(mode, args[2]);
        } catch (EngineException e) {
            System.err.println("The bundled engine cannot be packaged: " + e.getMessage());
            System.exit(1);
        }
    }

    private void run(String mode, String version) throws IOException, InterruptedException {
        switch (mode) {
            case "auto" -> {
                if (digest.equals(digestIn(prebuilt))) {
                    copy(prebuilt, target);
                } else if (!digest.equals(digestIn(target))) {
                    copy(build(), target);
                }
            }
            case "source" -> copy(build(), target);
            case "refresh" -> {
                copy(build(), prebuilt);
                copy(prebuilt, target);
                System.out.println("Refreshed " + prebuilt + " (" + Files.size(prebuilt) + " bytes)");
            }
            default ->
                throw new EngineException("engine.build must be auto, source, refresh or none, not '" + mode + "'");
        }
        byte[] bytes = Files.readAllBytes(target);
        MessageDigest sha = sha256();
        sha.update(bytes);
        Files.writeString(
                target.resolveSibling(library + ".sha256"),
                version + " " + bytes.length + " " + HexFormat.of().formatHex(sha.digest()) + "\n");
    }

    private Path build() throws IOException, InterruptedException {
        if (!cargoRuns()) {
            throw new EngineException(missingCargo());
        }
        Process cargo = new ProcessBuilder("cargo", "build", "--release", "--locked")
                .directory(engine.toFile())
                .inheritIO()
                .start();
        int exit = cargo.waitFor();
        if (exit != 0) {
            throw new EngineException("cargo build --release --locked in " + engine + " failed with exit code " + exit);
        }
        String configured = System.getenv("CARGO_TARGET_DIR");
        Path folder = configured == null || configured.isEmpty()
                ? engine.resolve("target")
                : engine.resolve(configured).normalize();
        Path built = folder.resolve("release").resolve(library);
        String embedded = digestIn(built);
        if (!digest.equals(embedded)) {
            throw new EngineException("cargo built " + built + " with the source digest " + embedded
                    + ", but the sources have " + digest + "; did they change during the build?");
        }
        return built;
    }

    private String missingCargo() throws IOException {
        String state = Files.exists(prebuilt)
                ? "the sources in " + engine + " have the digest " + digest + ", the library committed as " + prebuilt
                        + " was built from " + digestIn(prebuilt)
                : "no library is committed for this platform (" + prebuilt + ")";
        return state + ", and cargo is not on the PATH to build it. Install Rust (https://rustup.rs), or restore the"
                + " sources the committed library was built from, or leave the engine out with -Dengine.build=none and"
                + " name a DecentDB library at run time.";
    }

    private static boolean cargoRuns() throws InterruptedException {
        try {
            return new ProcessBuilder("cargo", "--version")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns the digest embedded in a library, or a word that equals no digest. */
    private static String digestIn(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return "none";
        }
        String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        int mark = bytes.indexOf(MARK);
        if (mark < 0 || mark + MARK.length() + DIGEST_LENGTH > bytes.length()) {
            return "none";
        }
        return bytes.substring(mark + MARK.length(), mark + MARK.length() + DIGEST_LENGTH);
    }

    private String digestOfSources() throws IOException {
        Map<byte[], Path> sources = new TreeMap<>(Arrays::compareUnsigned);
        for (String name : List.of("Cargo.toml", "Cargo.lock", "build.rs", ".cargo/config.toml")) {
            sources.put(name.getBytes(StandardCharsets.UTF_8), engine.resolve(name));
        }
        try (Stream<Path> files = Files.walk(engine.resolve("src"))) {
            files.filter(Files::isRegularFile).forEach(file -> {
                String name = engine.relativize(file).toString().replace(File.separatorChar, '/');
                sources.put(name.getBytes(StandardCharsets.UTF_8), file);
            });
        }
        MessageDigest sha = sha256();
        for (Map.Entry<byte[], Path> source : sources.entrySet()) {
            byte[] content = withoutCarriageReturns(Files.readAllBytes(source.getValue()));
            sha.update(source.getKey());
            sha.update((byte) 0);
            sha.update(Integer.toString(content.length).getBytes(StandardCharsets.US_ASCII));
            sha.update((byte) 0);
            sha.update(content);
        }
        return HexFormat.of().formatHex(sha.digest());
    }

    /** Returns the bytes with Unix line ends, so that a checkout with other line ends has the same digest. */
    private static byte[] withoutCarriageReturns(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != '\r' || i + 1 == bytes.length || bytes[i + 1] != '\n') {
                out.write(bytes[i]);
            }
        }
        return out.toByteArray();
    }

    /** Writes a second file and moves it into place, because a JVM may have the old file mapped. */
    private static void copy(Path from, Path to) throws IOException {
        if (Files.exists(to) && Files.mismatch(from, to) < 0) {
            return;
        }
        Files.createDirectories(to.getParent());
        Path partial = to.resolveSibling(to.getFileName() + ".partial");
        Files.copy(from, partial, StandardCopyOption.REPLACE_EXISTING);
        Files.move(partial, to, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Returns the platform as JNA names it. */
    private static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String name = os.contains("win") && !os.contains("darwin") ? "win32" : os.contains("mac") ? "darwin" : os;
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return name + "-"
                + Optional.ofNullable(Map.of("amd64", "x86-64", "x86_64", "x86-64", "arm64", "aarch64")
                                .get(arch))
                        .orElse(arch);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The reason why there is no engine, in words for the developer who builds. */
    private static final class EngineException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        EngineException(String message) {
            super(message);
        }
    }
}
