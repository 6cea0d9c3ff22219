import { groupBy } from '../group-by';
import { countBits, hashWords } from './difference-hash';

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
 * @param a hashes of one length, which those of `b` have too
 * @returns by `a`, then by `b`
 */
export function nearHashes(a: readonly string[], b: readonly string[], maxDistance: number): NearPair[] {
  const numBands = maxDistance + 1;
  const bandOf = (hash: string, band: number): string =>
    hash.slice((band * hash.length) / numBands, ((band + 1) * hash.length) / numBands);
  const [wordsOfA, wordsOfB] = [wordsOf(a), wordsOf(b)];
  const numWords = wordsOfA.length / a.length;
  const distanceOf = (indexOfA: number, indexOfB: number): number => {
    let distance = 0;
    for (let word = 0; word < numWords; word++) {
      distance += countBits(wordsOfA[indexOfA * numWords + word] ^ wordsOfB[indexOfB * numWords + word]);
    }
    return distance;
  };
  const pairs: NearPair[] = [];
  for (let band = 0; band < numBands; band++) {
    const ofBand = groupBy(b.keys(), (index) => bandOf(b[index], band));
    a.forEach((hash, indexOfA) => {
      for (const indexOfB of ofBand.get(bandOf(hash, band)) ?? []) {
        const distance = distanceOf(indexOfA, indexOfB);
        if (distance > maxDistance) continue;
        let earlier = 0;
        while (bandOf(hash, earlier) !== bandOf(b[indexOfB], earlier)) earlier++;
        // The pair has been found in its first band.
        if (earlier === band) pairs.push({ a: indexOfA, b: indexOfB, distance });
      }
    });
  }
  return pairs.sort((one, other) => one.a - other.a || one.b - other.b);
}

/** The words of all hashes, one hash after the other. */
function wordsOf(hashes: readonly string[]): Int32Array {
  return Int32Array.from(hashes.flatMap(hashWords));
}
