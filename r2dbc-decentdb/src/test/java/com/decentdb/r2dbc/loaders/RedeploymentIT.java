package com.decentdb.r2dbc.loaders;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing of the driver keeps the class loader of an application that was undeployed. */
class RedeploymentIT {

    /** JNA lets its own thread end after half a minute. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(100);

    @TempDir
    Path folder;

    @Test
    void theClassLoadersOfFiveDeploymentsAreCollected() throws Exception {
        ExecutorService server = Executors.newSingleThreadExecutor();
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        try {
            for (int i = 0; i < 5; i++) {
                loaders.add(server.submit(this::deploy).get(60, TimeUnit.SECONDS));
            }
            long end = System.nanoTime() + PATIENCE_NANOS;
            while (loaders.stream().anyMatch(each -> each.get() != null) && System.nanoTime() < end) {
                System.gc();
                TimeUnit.MILLISECONDS.sleep(200);
            }
        } finally {
            server.shutdown();
        }

        assertThat(loaders).extracting(WeakReference::get).containsOnlyNulls();
    }

    private WeakReference<ClassLoader> deploy() throws Exception {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader = Deployment.loader()) {
            thread.setContextClassLoader(loader);
            Object rows = loader.loadClass(Deployment.class.getName())
                    .getMethod("run", String.class)
                    .invoke(null, "r2dbc:decentdb:///" + folder.resolve("app.ddb"));
            assertThat(rows).isNotNull();
            return new WeakReference<>(loader);
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
