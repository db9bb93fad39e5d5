package com.decentdb.r2dbc.cluster.channel;

import com.decentdb.r2dbc.transport.Errors;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.File;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** How connections are encrypted, and the peers checked. */
public final class Tls {

    private final SslContext context;
    private final @Nullable String serverName;
    private final boolean verifyName;

    private Tls(SslContext context, @Nullable String serverName, boolean verifyName) {
        this.context = context;
        this.serverName = serverName;
        this.verifyName = verifyName;
    }

    /**
     * Reads the files.
     *
     * @param rootCert authorities that sign the certificates of nodes, null for those of the JVM
     * @param cert the certificate of this client with its chain, null for none
     * @param key its key, not null if there is a certificate
     * @param serverName the name in the certificates of nodes, null for the host that is dialled
     * @param verifyName whether that name has to be there
     * @throws io.r2dbc.spi.R2dbcNonTransientResourceException if a file cannot be used; keys and passwords are never shown
     */
    public static Tls of(
            @Nullable File rootCert,
            @Nullable File cert,
            @Nullable File key,
            @Nullable String keyPassword,
            @Nullable String serverName,
            boolean verifyName) {
        SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(SslProvider.JDK);
        readable("sslRootCert", rootCert);
        readable("sslCert", cert);
        readable("sslKey", key);
        try {
            builder.trustManager(rootCert);
        } catch (IllegalArgumentException e) {
            throw unusable("sslRootCert", "certificates in PEM", e);
        }
        if (cert != null) {
            try {
                builder.keyManager(cert, key, keyPassword);
            } catch (IllegalArgumentException e) {
                throw unusable("sslCert, sslKey or sslKeyPassword", "a certificate and its key in PEM (PKCS 8)", e);
            }
        }
        try {
            return new Tls(builder.build(), serverName, verifyName);
        } catch (Exception e) {
            throw unusable("sslRootCert, sslCert or sslKey", "certificates and a key in PEM", e);
        }
    }

    private static void readable(String option, @Nullable File file) {
        if (file != null && !file.canRead()) {
            throw Errors.of(
                    "08001",
                    "Option '" + option + "' has the value '" + Errors.shorten(file.getPath())
                            + "' but must be the path of a file that can be read",
                    null);
        }
    }

    private static RuntimeException unusable(String option, String expected, Exception cause) {
        return Errors.of(
                "08001",
                "Option '" + option + "' does not name " + expected + ": " + cause.getMessage(),
                0,
                null,
                cause);
    }

    SslHandler handler(Channel channel, String host, int port) {
        SslHandler handler = context.newHandler(channel.alloc(), serverName == null ? host : serverName, port);
        SSLEngine engine = handler.engine();
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm(verifyName ? "HTTPS" : "");
        engine.setSSLParameters(parameters);
        // The dialler bounds the whole attempt.
        handler.setHandshakeTimeoutMillis(0);
        return handler;
    }
}
