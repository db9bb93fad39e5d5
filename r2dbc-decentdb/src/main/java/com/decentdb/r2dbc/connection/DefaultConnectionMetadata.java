package com.decentdb.r2dbc.connection;

import com.decentdb.r2dbc.api.DecentDbConnectionMetadata;
import com.decentdb.r2dbc.api.EngineInfo;

/** What is told about the engine behind a connection. */
record DefaultConnectionMetadata(EngineInfo engine) implements DecentDbConnectionMetadata {

    @Override
    public String getDatabaseProductName() {
        return "DecentDB";
    }

    @Override
    public String getDatabaseVersion() {
        return engine.version();
    }
}
