package com.decentdb.r2dbc.api;

/**
 * The engine that runs the SQL, and the driver that uses it.
 *
 * @param version the engine's version; that of the bundled engine ends in {@code +bundled}
 * @param abiVersion the version of its C interface
 * @param path the file it was loaded from; of a cluster, the database
 * @param source how that file was found; of a cluster, the address of the node that led it last
 * @param bundled whether it is the engine that comes with the driver
 * @param driverVersion the version of this driver
 */
public record EngineInfo(
        String version, int abiVersion, String path, String source, boolean bundled, String driverVersion) {

    /** Text rather than a resource: threads that must not read files ask for it. A test compares it with the build's. */
    private static final String DRIVER_VERSION = "0.1.0";

    /**
     * An engine that this driver uses.
     *
     * @param version the engine's version
     * @param abiVersion the version of its C interface
     * @param path the file it was loaded from
     * @param source how that file was found
     * @param bundled whether it is the engine that comes with the driver
     */
    public EngineInfo(String version, int abiVersion, String path, String source, boolean bundled) {
        this(version, abiVersion, path, source, bundled, DRIVER_VERSION);
    }
}
