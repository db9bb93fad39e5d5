/** The DecentDB C ABI for Java, and the bundled engine. Made for the driver alone. */
module com.decentdb.ffi {
    requires com.sun.jna;
    requires com.fasterxml.jackson.jr.ob;
    requires static org.jspecify;

    exports com.decentdb.ffi to
            com.decentdb.r2dbc;

    opens com.decentdb.ffi to
            com.sun.jna;
}
