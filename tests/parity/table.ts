/**
 * Prints the table of docs/parity.md: for each quantity our difference, torchvision's own rounding and the tolerance.
 *
 *     npx ts-node tests/parity/table.ts
 */
import { loadBackend } from '../../detection/backend/node';
import { largeCases, readFixture, smallCase } from './fixture';
import { measure, tolerances } from './measure';

async function main(): Promise<void> {
  await loadBackend();
  for (const parityCase of [smallCase, ...largeCases]) {
    const fixture = readFixture(parityCase);
    const { differences } = await measure(parityCase, fixture);
    const { model, pictures, minSize, maxSize } = parityCase;
    console.log(`\n### ${model}, ${pictures}, ${minSize}/${maxSize}\n`);
    console.log('| quantity | ours | torchvision in float32 | tolerance |\n| --- | --- | --- | --- |');
    for (const [quantity, tolerance] of Object.entries(tolerances(fixture))) {
      const numbers = [differences[quantity], fixture.rounding[quantity], tolerance];
      console.log(`| ${quantity} | ${numbers.map(shown).join(' | ')} |`);
    }
  }
}

function shown(value: number): string {
  return value === 0 || !Number.isFinite(value) ? String(value) : value.toPrecision(2);
}

void main();
