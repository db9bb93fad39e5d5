package com.decentdb.r2dbc.api;

/**
 * The engine that runs the SQL.
 *
 * @param version the engine's version
 * @param abiVersion the version of its C interface
 * @param path the file it was loaded from
 * @param source how that file was found
 * @param bundled whether it is the engine that comes with the driver
 */
public record EngineInfo(String version, int abiVersion, String path, String source, boolean bundled) {}
