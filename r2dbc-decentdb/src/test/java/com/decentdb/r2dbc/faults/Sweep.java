package com.decentdb.r2dbc.faults;

import java.lang.reflect.Method;
import java.nio.file.*;
import java.util.*;

public class Sweep {
    public static void main(String[] a) throws Exception {
        Path dir = Files.createTempDirectory("faults");
        FaultyLoader loader = new FaultyLoader();
        Class<?> sc = loader.loadClass(Scenario.class.getName());
        sc.getMethod("prepare").invoke(null);
        Method create = sc.getMethod("create", String.class), run = sc.getMethod("run", String.class, boolean.class);
        String file = dir.resolve("a.ddb").toString();
        create.invoke(null, file);
        long t0 = System.nanoTime();
        for (int i = 0; i < 5; i++) {
            String p = (String) run.invoke(null, file, a.length > 4);
            System.out.println("plain: " + p + " " + (System.nanoTime() - t0) / 1000000);
        }
        Set<Integer> reached = java.util.concurrent.ConcurrentHashMap.newKeySet();
        for (int i = 0; i < 3; i++) {
            FaultPoints.follow(reached::add);
            System.out.println("recording: " + run.invoke(null, file, a.length > 4));
        }
        System.out.println("places reached: " + reached.size() + " " + (System.nanoTime() - t0) / 1000000);
        List<Integer> all = new ArrayList<>(new TreeSet<>(reached));
        String only = a.length > 0 ? a[0] : "";
        int every = Integer.parseInt(a.length > 1 ? a[1] : "1"),
                visit = Integer.parseInt(a.length > 2 ? a[2] : "0"),
                times = Integer.parseInt(a.length > 3 ? a[3] : "1");
        int bad = 0, n = 0, hung = 0;
        for (int i = 0; i < all.size(); i += every) {
            String d = FaultPoints.describe(all.get(i));
            if (!d.contains(only)) continue;
            FaultPoints.Failure f = new FaultPoints.Failure(all.get(i), visit, times, () -> {
                Error e = a.length > 5 ? new StackOverflowError("injected") : new OutOfMemoryError("injected");
                return e;
            });
            long t = System.nanoTime();
            FaultPoints.follow(f);
            String p;
            try {
                p = (String) run.invoke(null, file, a.length > 4);
            } catch (Throwable e) {
                p = "EXC " + e.getCause();
                FaultPoints.disarm();
            }
            n++;
            long ms = (System.nanoTime() - t) / 1000000;
            if (!p.isEmpty()) {
                bad++;
                System.out.println("### " + d + " (" + ms + " ms)\n" + p.indent(4));
                System.out.flush();
                file = dir.resolve("b" + i + ".ddb").toString();
                create.invoke(null, file);
            }
            if (ms > 9000 && ++hung > 40) break;
        }
        System.out.println("bad " + bad + " of " + n + " in " + (System.nanoTime() - t0) / 1000000 + " ms");
        System.exit(0);
    }
}
