import { hashDistance } from './difference-hash';

/** Two hashes that are near each other, by their indices. */
export interface NearPair {
  readonly a: number;
  readonly b: number;
  readonly distance: number;
}

/**
 * All pairs of a hash of `a` and one of `b` that differ in at most so many bits. Cut into one band more than bits may differ, two
 * such hashes have a band in common: so only those are compared that do.
 *
 * @returns by `a`, then by `b`
 */
export function nearHashes(a: readonly string[], b: readonly string[], maxDistance: number): NearPair[] {
  const numBands = maxDistance + 1;
  const pairs = new Map<string, NearPair>();
  for (let band = 0; band < numBands; band++) {
    const keyOf = (hash: string): string =>
      hash.slice((band * hash.length) / numBands, ((band + 1) * hash.length) / numBands);
    const ofBand = new Map<string, number[]>();
    b.forEach((hash, index) => {
      const key = keyOf(hash);
      const indices = ofBand.get(key);
      if (indices) indices.push(index);
      else ofBand.set(key, [index]);
    });
    a.forEach((hash, indexOfA) => {
      for (const indexOfB of ofBand.get(keyOf(hash)) ?? []) {
        const distance = hashDistance(hash, b[indexOfB]);
        if (distance <= maxDistance) {
          pairs.set(`${indexOfA} ${indexOfB}`, { a: indexOfA, b: indexOfB, distance });
        }
      }
    });
  }
  return [...pairs.values()].sort((one, other) => one.a - other.a || one.b - other.b);
}
