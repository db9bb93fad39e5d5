import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;

/**
 * Puts the bundled engines into the folders of the jars' resources. A library is current when the digest of sources
 * embedded in it equals the digest of the sources beside it.
 *
 * <p>Libraries are committed compressed, as {@code prebuilt/<platform>/<library>.gz}. Those of {@link #COMMON} platforms
 * and of this one go to the classes, and with them into the jar that every program has. Those of the others go to a
 * folder of their own, from which they get jars of their own.
 *
 * <p>Beside each library goes a line with the version of the project, the size of the library and its SHA-256, by which
 * a JVM recognises the file it unpacked earlier.
 *
 * <p>Arguments: the engine's folder, the folder for classes, the folder for engines of other platforms, the version of
 * the project, a mode, whether a committed library that is not current is an error for every platform rather than for
 * this one, and the platforms to refresh, or {@code all}. The modes: {@code auto} takes the committed library of this platform if it is current
 * and builds it with cargo otherwise, {@code source} always builds it, {@code refresh} builds the committed libraries
 * anew, {@code none} leaves the engines out.
 */
final class BuildEngine {

    private static final Set<String> COMMON = Set.of("linux-aarch64", "linux-x86-64");
    private static final String MARK = "ddb-engine-source-digest:";
    private static final String PACKED = ".gz";
    private static final int DIGEST_LENGTH = 64;

    private final Path engine;
    private final Path classes;
    private final Path others;
    private final Path prebuilt;
    private final String version;
    private final String here = platform();
    private final String digest;

    private BuildEngine(Path engine, Path classes, Path others, String version) throws IOException {
        this.engine = engine;
        this.classes = classes;
        this.others = others;
        this.prebuilt = engine.resolve("prebuilt");
        this.version = version;
        this.digest = digestOfSources();
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        try {
            new BuildEngine(Path.of(args[0]), Path.of(args[1]), Path.of(args[2]), args[3])
                    .run(args[4], Boolean.parseBoolean(args[5]), args[6]);
        } catch (EngineException e) {
            System.err.println("The bundled engine cannot be packaged: " + e.getMessage());
            System.exit(1);
        }
    }

    private void run(String mode, boolean strict, String refreshed) throws IOException, InterruptedException {
        if (!Set.of("auto", "source", "refresh", "none").contains(mode)) {
            throw new EngineException("engine.build must be auto, source, refresh or none, not '" + mode + "'");
        }
        write(
                version.getBytes(StandardCharsets.UTF_8),
                classes.resolve("com").resolve("decentdb").resolve("ffi").resolve("version"));
        for (String notice : List.of("LICENSE", "THIRD-PARTY.txt")) {
            write(
                    Files.readAllBytes(classes.resolve("META-INF").resolve(notice)),
                    others.resolve("META-INF").resolve(notice));
        }
        if (mode.equals("none")) {
            return;
        }
        if (mode.equals("refresh")) {
            refresh(refreshed);
        }
        boolean packed = false;
        for (String platform : committed()) {
            byte[] library = unpack(prebuilt.resolve(platform).resolve(library(platform) + PACKED));
            if (digest.equals(digestIn(library))) {
                packed |= platform.equals(here) && !mode.equals("source");
                place(platform, library, mode);
            } else {
                leaveOut(platform, library, strict);
            }
        }
        if (!packed) {
            pack(classes, here, ours(mode));
        }
    }

    /** The platforms with a committed library, in the order of their names. */
    private List<String> committed() throws IOException {
        if (!Files.isDirectory(prebuilt)) {
            return List.of();
        }
        try (Stream<Path> folders = Files.list(prebuilt)) {
            return folders.map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    private void place(String platform, byte[] library, String mode) throws IOException {
        boolean built = platform.equals(here) && mode.equals("source");
        if (!built && (COMMON.contains(platform) || platform.equals(here))) {
            pack(classes, platform, library);
        }
        if (!COMMON.contains(platform)) {
            pack(others, platform, library);
        }
    }

    /** A developer who changes the engine has cargo for this platform; the others' libraries are refreshed at the end. */
    private void leaveOut(String platform, byte[] library, boolean strict) throws IOException {
        String state = "the library committed for " + platform + " was built from sources with the digest "
                + digestIn(library) + ", and those in " + engine + " have " + digest;
        if (strict) {
            throw new EngineException(
                    state + ". Refresh it: mvn -pl decentdb-native -Dengine.refresh process-resources");
        }
        if (!platform.equals(here)) {
            System.out.println("[WARNING] The jars lack an engine: " + state);
            remove(classes, platform);
        }
        remove(others, platform);
    }

    private void remove(Path folder, String platform) throws IOException {
        Path library = folder.resolve(platform).resolve(library(platform));
        Files.deleteIfExists(library);
        Files.deleteIfExists(description(library));
    }

    private void pack(Path folder, String platform, byte[] library) throws IOException {
        Path target = folder.resolve(platform).resolve(library(platform));
        write(library, target);
        MessageDigest sha = sha256();
        sha.update(library);
        String line = version + " " + library.length + " " + HexFormat.of().formatHex(sha.digest()) + "\n";
        write(line.getBytes(StandardCharsets.UTF_8), description(target));
    }

    private static Path description(Path library) {
        return library.resolveSibling(library.getFileName() + ".sha256");
    }

    /** Builds the libraries that are committed by the script for it, and packs them. */
    private void refresh(String platforms) throws IOException, InterruptedException {
        Path output = others.resolveSibling("engines-built");
        List<String> command = new ArrayList<>(
                List.of("bash", engine.resolve("build-engines.sh").toString(), output.toString()));
        if (!Set.of("all", "true").contains(platforms)) {
            command.addAll(List.of(platforms.split(",", -1)));
        }
        int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (exit != 0) {
            throw new EngineException(String.join(" ", command) + " failed with exit code " + exit);
        }
        try (Stream<Path> folders = Files.list(output)) {
            for (Path folder : folders.sorted().toList()) {
                String platform = folder.getFileName().toString();
                Path built = folder.resolve(library(platform));
                byte[] library = Files.readAllBytes(built);
                requireCurrent(built, library);
                Path target = prebuilt.resolve(platform).resolve(library(platform) + PACKED);
                write(packed(library), target);
                System.out.println("Refreshed " + target + " (" + library.length + " bytes, " + Files.size(target)
                        + " compressed)");
            }
        }
    }

    /** Returns the library of this platform that cargo builds, or built earlier from the same sources. */
    private byte[] ours(String mode) throws IOException, InterruptedException {
        Path target = classes.resolve(here).resolve(library(here));
        if (Files.isRegularFile(target) && !mode.equals("source")) {
            byte[] library = Files.readAllBytes(target);
            if (digest.equals(digestIn(library))) {
                return library;
            }
        }
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
        Path built = folder.resolve("release").resolve(library(here));
        byte[] library = Files.readAllBytes(built);
        requireCurrent(built, library);
        return library;
    }

    private void requireCurrent(Path built, byte[] library) {
        String embedded = digestIn(library);
        if (!digest.equals(embedded)) {
            throw new EngineException("the build made " + built + " with the source digest " + embedded
                    + ", but the sources have " + digest + "; did they change during the build?");
        }
    }

    private String missingCargo() throws IOException {
        Path packed = prebuilt.resolve(here).resolve(library(here) + PACKED);
        String state = Files.exists(packed)
                ? "the sources in " + engine + " have the digest " + digest + ", the library committed as " + packed
                        + " was built from " + digestIn(unpack(packed))
                : "no library is committed for this platform (" + packed + ")";
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
    private static String digestIn(byte[] library) {
        String bytes = new String(library, StandardCharsets.ISO_8859_1);
        int mark = bytes.indexOf(MARK);
        if (mark < 0 || mark + MARK.length() + DIGEST_LENGTH > bytes.length()) {
            return "none";
        }
        return bytes.substring(mark + MARK.length(), mark + MARK.length() + DIGEST_LENGTH);
    }

    private static byte[] unpack(Path file) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            return in.readAllBytes();
        } catch (NoSuchFileException | EOFException | ZipException e) {
            throw new EngineException(file + " is missing or damaged (" + e + ")");
        }
    }

    /** The same library always gives the same bytes: the format's time stays empty. */
    private static byte[] packed(byte[] library) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out) {
            {
                def.setLevel(Deflater.BEST_COMPRESSION);
            }
        }) {
            gzip.write(library);
        }
        return out.toByteArray();
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
    private static void write(byte[] content, Path to) throws IOException {
        if (Files.exists(to) && Arrays.equals(Files.readAllBytes(to), content)) {
            return;
        }
        Files.createDirectories(to.getParent());
        Path partial = Files.write(to.resolveSibling(to.getFileName() + ".partial"), content);
        Files.move(partial, to, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String library(String platform) {
        return platform.startsWith("win32")
                ? "decentdb.dll"
                : "libdecentdb" + (platform.startsWith("darwin") ? ".dylib" : ".so");
    }

    /** Returns the platform as the driver names it. */
    private static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).replace(" ", "");
        String name = os.startsWith("windows") ? "win32" : os.startsWith("mac") ? "darwin" : os;
        String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return name + "-"
                + Map.of("amd64", "x86-64", "x86_64", "x86-64", "arm64", "aarch64")
                        .getOrDefault(arch, arch)
                + (musl() ? "-musl" : "");
    }

    private static boolean musl() {
        try {
            return Files.readString(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1)
                    .contains("/ld-musl-");
        } catch (IOException e) {
            return false;
        }
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
