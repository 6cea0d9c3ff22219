import { choosePrecision } from '../../../detection/backend/node-precision';
import { thrownBy } from '../../thrown';

const plain = new Set(['avx', 'avx512f', 'avx512_vnni']);

test.each([
  ['amx_bf16', 'AMX'],
  ['avx512_bf16', 'avx512_bf16'],
])('with %s, bfloat16 is taken where it is asked for, and by auto, which says why', (flag, name) => {
  const flags = new Set([...plain, flag]);
  const reason = `the processor has ${name}`;
  expect(choosePrecision('bfloat16', flags)).toEqual({ precision: 'bfloat16', reason });
  expect(choosePrecision('auto', flags)).toEqual({ precision: 'bfloat16', reason });
  expect(choosePrecision('float32', flags).precision).toBe('float32');
});

test('another processor computes in float32 and refuses bfloat16', () => {
  expect(choosePrecision('auto', plain)).toEqual({
    precision: 'float32',
    reason: "bfloat16 takes TensorFlow's native library and a processor with AMX or avx512_bf16",
  });
  expect(thrownBy(() => choosePrecision('bfloat16', plain))).toMatchObject({
    code: 'precision-unsupported',
    message:
      "precision bfloat16 takes TensorFlow's native library and a processor with AMX or avx512_bf16, which are not here; " +
      'use float32, or auto, which takes what there is',
  });
  expect(choosePrecision('float32', plain).precision).toBe('float32');
});
