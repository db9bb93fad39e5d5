package com.decentdb.r2dbc.api;

/** A demand that a change stream does not meet unless it is made by name. */
public enum ChangeStreamOption {
    /**
     * The rows as they are stored, whatever the policies and masks of their tables would hide from the one who reads them.
     * The bundled engine has neither, so there it makes no difference.
     */
    UNMASKED
}
