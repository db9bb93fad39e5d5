import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.file.Path;
import java.util.List;

/** Fails unless a built jar is a module, with the name its users will write in {@code requires}. */
final class CheckModuleName {

    private CheckModuleName() {}

    public static void main(String[] args) {
        Path jar = Path.of(args[0]);
        String expected = args[1];
        List<String> names = ModuleFinder.of(jar).findAll().stream()
                .map(ModuleReference::descriptor)
                .filter(descriptor -> !descriptor.isAutomatic())
                .map(descriptor -> descriptor.name())
                .toList();
        if (!names.equals(List.of(expected))) {
            System.err.println(jar + " is the module " + names + " instead of " + expected
                    + "; look at module-info.java in src/main/module");
            System.exit(1);
        }
    }
}
