package com.decentdb.ffi;

/**
 * Counters of a database handle's plan cache.
 *
 * @param scope what the cache belongs to, in the engine's words
 * @param entries plans held now
 * @param hits look-ups that found a plan
 * @param misses look-ups that found none
 * @param evictions plans dropped to make room
 * @param sizeBytes bytes held now
 * @param maxSizeBytes bytes the cache may hold
 * @param oversizedRefusals plans too large to be kept
 * @param hitRate hits per look-up, 0 to 1
 */
public record PlanCacheSummary(
        String scope,
        long entries,
        long hits,
        long misses,
        long evictions,
        long sizeBytes,
        long maxSizeBytes,
        long oversizedRefusals,
        double hitRate) {

    /** Reads the native struct: a borrowed string, seven 64-bit numbers, a double. */
    static PlanCacheSummary read(Scratch s) {
        return new PlanCacheSummary(
                Abi.borrowedString(s.read(0)),
                s.read(1),
                s.read(2),
                s.read(3),
                s.read(4),
                s.read(5),
                s.read(6),
                s.read(7),
                s.readDouble(8));
    }
}
