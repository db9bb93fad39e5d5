package com.decentdb.ffi;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The one gateway to native code, read from the class files. */
class GatewayTests {

    @Test
    void onlyItsImplementationKnowsJna() {
        noClasses()
                .that()
                .haveNameNotMatching("com\\.decentdb\\.ffi\\.JnaAbi(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.sun.jna..")
                .check(new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages("com.decentdb"));
    }
}
