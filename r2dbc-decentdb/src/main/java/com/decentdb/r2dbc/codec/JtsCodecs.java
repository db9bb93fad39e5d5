package com.decentdb.r2dbc.codec;

import java.util.List;
import org.locationtech.jts.geom.CoordinateSequence;
import org.locationtech.jts.geom.CoordinateSequenceFilter;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.io.Ordinate;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;
import org.locationtech.jts.io.WKBWriter;

/** Geometries of JTS, which the driver does without if it is not on the class path. */
final class JtsCodecs {

    private JtsCodecs() {}

    static List<Codec<?>> all() {
        return List.of(codec());
    }

    private static Codec<?> codec() {
        return new Codec<>(Geometry.class, v -> new Value.Geometry(write(v)), (r, i, c, t) -> switch (t) {
            case GEOMETRY, GEOGRAPHY, BLOB -> read(r.bytes(i, c));
            default -> null;
        });
    }

    /** EWKB with the SRID, which engines want also if it is 0, and with Z and M where a coordinate has them. */
    private static byte[] write(Geometry geometry) {
        Ordinates found = new Ordinates();
        geometry.apply(found);
        WKBWriter writer = new WKBWriter(2 + (found.z ? 1 : 0) + (found.m ? 1 : 0), true);
        writer.setOutputOrdinates(
                found.z ? found.m ? Ordinate.createXYZM() : Ordinate.createXYZ() : Ordinate.createXYM());
        return writer.write(geometry);
    }

    private static Geometry read(byte[] ewkb) {
        try {
            return new WKBReader().read(ewkb);
        } catch (ParseException e) {
            throw new Misfit(Misfit.TEXT, "JTS cannot read it: " + e.getMessage() + "; read it as ByteBuffer", e);
        }
    }

    /** Looks which ordinates are used: the writer writes the requested ones and leaves the others out. */
    private static final class Ordinates implements CoordinateSequenceFilter {

        private boolean z;
        private boolean m;

        @Override
        public void filter(CoordinateSequence sequence, int index) {
            m |= sequence.hasM() && !Double.isNaN(sequence.getM(index));
            // In a sequence with both the writer counts on Z where there is M.
            z |= sequence.hasZ() && (m || !Double.isNaN(sequence.getZ(index)));
        }

        @Override
        public boolean isDone() {
            return z && m;
        }

        @Override
        public boolean isGeometryChanged() {
            return false;
        }
    }
}
