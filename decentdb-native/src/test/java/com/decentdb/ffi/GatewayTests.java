package com.decentdb.ffi;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks in the class files, those of the tests included, that native code has one gateway. */
class GatewayTests {

    private static final JavaClasses CLASSES = new ClassFileImporter().importPackages("com.decentdb.ffi");

    @ParameterizedTest
    @CsvSource({"com.sun.jna.., Jna[A-Za-z]+(\\$.*)?", "java.lang.foreign.., Ffm[A-Za-z]+(\\$.*)?"})
    void onlyTheImplementationsOfTheGatewayMeetNativeCode(String library, String implementation) {
        noClasses()
                .that()
                .haveNameNotMatching("com\\.decentdb\\.ffi\\." + implementation)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .check(CLASSES);
    }

    /** The rest knows the implementations by the interface, so that neither is loaded where the other is used. */
    @ParameterizedTest
    @CsvSource({"Jna[A-Za-z]+(\\$.*)?, Jna[A-Za-z]+(\\$.*)?|AbiLoader", "Ffm[A-Za-z]+(\\$.*)?, Ffm[A-Za-z]+(\\$.*)?"})
    void onlyTheLoaderNamesAnImplementation(String implementation, String allowed) {
        noClasses()
                .that()
                .haveNameNotMatching("com\\.decentdb\\.ffi\\.(" + allowed + ")")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("com\\.decentdb\\.ffi\\." + implementation)
                .check(CLASSES);
    }
}
