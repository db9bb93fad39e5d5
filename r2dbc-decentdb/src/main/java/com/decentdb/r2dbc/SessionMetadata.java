package com.decentdb.r2dbc;

import com.decentdb.r2dbc.api.EngineInfo;

/** What is told about the engine behind a connection. */
record SessionMetadata(EngineInfo engine) implements DecentDbConnectionMetadata {

    @Override
    public String getDatabaseProductName() {
        return "DecentDB";
    }

    @Override
    public String getDatabaseVersion() {
        return engine.version();
    }
}
