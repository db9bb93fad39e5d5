package com.decentdb.ffi;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.Test;

/** Checks in the class files, those of the tests included, that native code has one gateway. */
class GatewayTests {

    @Test
    void onlyTheImplementationOfTheGatewayUsesJna() {
        noClasses()
                .that()
                .haveNameNotMatching("com\\.decentdb\\.ffi\\.JnaAbi(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.sun.jna..")
                .check(new ClassFileImporter().importPackages("com.decentdb.ffi"));
    }
}
