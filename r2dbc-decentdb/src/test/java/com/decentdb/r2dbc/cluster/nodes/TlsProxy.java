package com.decentdb.r2dbc.cluster.nodes;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;

/** Takes TLS connections with a certificate, and passes on what they carry to a node. */
public final class TlsProxy implements AutoCloseable {

    private static final char[] PASSWORD = "password".toCharArray();

    private final SSLServerSocket server;
    private final String node;

    private TlsProxy(SSLServerSocket server, String node) {
        this.server = server;
        this.node = node;
    }

    /**
     * A certificate that signs itself, for both sides.
     *
     * @param cert its PEM file
     * @param key the PEM file of its key
     */
    public record Identity(KeyStore store, Path cert, Path key) {

        /** Makes one with the JDK's own tool. */
        public static Identity create(Path folder, String name) throws Exception {
            Path file = folder.resolve("identity.p12");
            Process tool = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "keytool")
                                    .toString(),
                            "-genkeypair",
                            "-alias",
                            "node",
                            "-keyalg",
                            "EC",
                            "-dname",
                            "CN=" + name,
                            "-ext",
                            "SAN=dns:" + name,
                            "-storetype",
                            "PKCS12",
                            "-keystore",
                            file.toString(),
                            "-storepass",
                            new String(PASSWORD)))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (tool.waitFor() != 0) {
                throw new IllegalStateException("keytool failed with " + tool.exitValue());
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                store.load(in, PASSWORD);
            }
            return new Identity(
                    store,
                    pem(
                            folder.resolve("cert.pem"),
                            "CERTIFICATE",
                            store.getCertificate("node").getEncoded()),
                    pem(
                            folder.resolve("key.pem"),
                            "PRIVATE KEY",
                            requireNonNull(store.getKey("node", PASSWORD)).getEncoded()));
        }

        private static Path pem(Path file, String what, byte[] content) throws IOException {
            String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
            return Files.writeString(
                    file, "-----BEGIN " + what + "-----\n" + base64 + "\n-----END " + what + "-----\n");
        }
    }

    /** Listens on a free port. */
    public static TlsProxy start(String node, Identity identity) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(identity.store(), PASSWORD);
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        trusted.setCertificateEntry("node", identity.store().getCertificate("node"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        SSLServerSocket server = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        server.setNeedClientAuth(true);
        TlsProxy proxy = new TlsProxy(server, node);
        daemon(proxy::accept);
        return proxy;
    }

    /** Host and port. */
    public String address() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    private void accept() {
        try {
            while (!server.isClosed()) {
                Socket client = server.accept();
                daemon(() -> serve(client));
            }
        } catch (IOException e) {
            // It was closed.
        }
    }

    private void serve(Socket client) {
        int colon = node.lastIndexOf(':');
        try (client;
                Socket target = new Socket(node.substring(0, colon), Integer.parseInt(node.substring(colon + 1)))) {
            daemon(() -> copy(target, client));
            copy(client, target);
        } catch (IOException e) {
            // One of them has ended.
        }
    }

    private static void copy(Socket from, Socket to) {
        byte[] buffer = new byte[16 * 1024];
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            int read;
            while ((read = in.read(buffer)) >= 0) {
                out.write(buffer, 0, read);
                out.flush();
            }
        } catch (IOException e) {
            // One of them has ended.
        }
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "tls-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
