package com.decentdb.r2dbc.cluster.write;

import com.decentdb.r2dbc.cluster.line.LineOpener;

/** Gives the line on which writes run now. */
public interface LineSource {

    /** The line, opened if need be; an error if there is no leader in time, or the line must not be replaced. */
    void line(LineOpener.Opened opened);
}
