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
        double hitRate) {}
