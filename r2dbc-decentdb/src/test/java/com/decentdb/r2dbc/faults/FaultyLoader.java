package com.decentdb.r2dbc.faults;

import com.decentdb.r2dbc.loaders.Deployment;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLClassLoader;
import java.util.Set;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.Handle;
import net.bytebuddy.jar.asm.Label;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import org.jspecify.annotations.Nullable;

/**
 * Loads a driver of its own, whose code calls {@link FaultPoints} before each instruction that needs memory: an allocation, or a
 * call of the JDK or of Reactor that allocates.
 */
final class FaultyLoader extends URLClassLoader {

    private static final String DRIVER = "com.decentdb.r2dbc.";
    private static final String TESTS = FaultyLoader.class.getPackageName() + ".";
    private static final String POINTS = FaultPoints.class.getName().replace('.', '/');

    /** Methods of the JDK and of Reactor that allocate whenever they are called. */
    private static final Set<String> ALLOCATING = Set.of(
            "add",
            "addAll",
            "addFirst",
            "asList",
            "collect",
            "copyOf",
            "defer",
            "error",
            "execute",
            "forEach",
            "just",
            "map",
            "newThread",
            "of",
            "offer",
            "ofNullable",
            "prestartCoreThread",
            "put",
            "putIfAbsent",
            "register",
            "schedule",
            "scheduleWithFixedDelay",
            "start",
            "stream",
            "subscribe",
            "substring",
            "then",
            "toList",
            "toString",
            "tryEmitEmpty");

    /** Methods that add to lists which have room for what is added. */
    private static final Set<String> ROOMY = Set.of(
            "delivery.WaitQueue.poll",
            "embedded.SessionTransaction.wanted",
            "embedded.lane.SharedReadLanes.rest",
            "embedded.lane.SharedReadLanes.release",
            "embedded.write.GroupCommitter.commit",
            "embedded.write.GroupRun.runApart");

    FaultyLoader() throws IOException {
        super(Deployment.classPath(), ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        if (name.equals(FaultPoints.class.getName())) {
            return FaultPoints.class;
        }
        if (!name.startsWith(DRIVER) || name.startsWith(TESTS)) {
            return super.findClass(name);
        }
        try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (file == null) {
                throw new ClassNotFoundException(name);
            }
            ClassReader reader = new ClassReader(file.readAllBytes());
            ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
            reader.accept(new Points(name, writer), 0);
            byte[] code = writer.toByteArray();
            return defineClass(name, code, 0, code.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }

    /** Puts the calls into a class. What initialises classes is left out: the JVM never initialises one again. */
    private static final class Points extends ClassVisitor {

        private final String name;

        Points(String name, ClassVisitor next) {
            super(Opcodes.ASM9, next);
            this.name = name.substring(DRIVER.length());
        }

        @Override
        public @Nullable MethodVisitor visitMethod(
                int access,
                String method,
                String descriptor,
                @Nullable String signature,
                String @Nullable [] exceptions) {
            MethodVisitor next = super.visitMethod(access, method, descriptor, signature, exceptions);
            return next == null || "<clinit>".equals(method) ? next : new PointsOfMethod(name + "." + method, next);
        }
    }

    private static final class PointsOfMethod extends MethodVisitor {

        private final String name;
        private int line;

        PointsOfMethod(String name, MethodVisitor next) {
            super(Opcodes.ASM9, next);
            this.name = name;
        }

        private void point(String what) {
            super.visitLdcInsn(FaultPoints.add(name + ":" + line + " " + what));
            super.visitMethodInsn(Opcodes.INVOKESTATIC, POINTS, "reached", "(I)V", false);
        }

        @Override
        public void visitLineNumber(int number, Label start) {
            line = number;
            super.visitLineNumber(number, start);
        }

        @Override
        public void visitTypeInsn(int opcode, String type) {
            super.visitTypeInsn(opcode, type);
            if (opcode == Opcodes.NEW || opcode == Opcodes.ANEWARRAY) {
                // Behind the instruction, because a frame may refer to its place.
                point("new " + type);
            }
        }

        @Override
        public void visitIntInsn(int opcode, int operand) {
            if (opcode == Opcodes.NEWARRAY) {
                point("new array");
            }
            super.visitIntInsn(opcode, operand);
        }

        @Override
        public void visitInvokeDynamicInsn(String method, String descriptor, Handle bootstrap, Object... arguments) {
            // A function that captures nothing exists once.
            if (!descriptor.startsWith("()")) {
                point("lambda " + method);
            }
            super.visitInvokeDynamicInsn(method, descriptor, bootstrap, arguments);
        }

        @Override
        public void visitMethodInsn(int opcode, String owner, String method, String descriptor, boolean isInterface) {
            boolean foreign =
                    owner.startsWith("java/util/") || owner.startsWith("reactor/") || owner.startsWith("java/lang/");
            boolean roomy = method.startsWith("add") && ROOMY.contains(name);
            // The driver's own executors.
            boolean own = owner.equals("java/util/concurrent/Executor");
            // An empty list exists once.
            boolean empty = "of".equals(method) && descriptor.startsWith("()");
            if (foreign && !roomy && !own && !empty && ALLOCATING.contains(method)) {
                point(owner + "." + method);
            }
            super.visitMethodInsn(opcode, owner, method, descriptor, isInterface);
        }
    }
}
