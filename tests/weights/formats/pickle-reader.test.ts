import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { ByteCursor, memorySource } from '../../../weights/formats/byte-cursor';
import { weightsGlobals } from '../../../weights/formats/pickle/pickle-globals';
import { unpickle } from '../../../weights/formats/pickle/pickle-reader';
import {
  describeValue,
  PickleDict,
  PickleList,
  PickleTuple,
  type PickleValue,
} from '../../../weights/formats/pickle/pickle-values';
import { PickleWriter } from '../../../weights/formats/pickle/pickle-writer';
import { WeightsError } from '../../../weights/formats/weights-error';
import { temporaryFolder } from './weight-files';
import { thrownBy } from '../../thrown';

const folder = temporaryFolder();

function read(bytes: Uint8Array): PickleValue {
  return unpickle(new ByteCursor(memorySource(Uint8Array.from(bytes))), {
    file: 'x',
    globals: weightsGlobals(),
  });
}

/** The operations given, in pickletools' notation, between PROTO 2 and STOP. */
const run = (operations: string): PickleValue => read(new PickleWriter().operations(operations).finish());

/** As plain JavaScript, for comparison. */
function plain(value: PickleValue): unknown {
  if (value instanceof PickleTuple) return { tuple: value.items.map(plain) };
  if (value instanceof PickleList) return value.items.map(plain);
  if (value instanceof PickleDict)
    return new Map([...value.entries].map(([key, item]) => [plain(key), plain(item)]));
  return value;
}

describe('unpickle', () => {
  /** Python 3.11, in hex: `pickle.dumps(value, protocol)`. */
  it.each<[string, string, unknown]>([
    ['(None, True, False), 2', '80024e8889877100' + '2e', { tuple: [null, true, false] }],
    ['-2, 2', '80024afeffffff2e', -2],
    ['255, 2', '80024bff2e', 255],
    ['256, 2', '80024d00012e', 256],
    ['2**40, 2', '80028a060000000000012e', 2 ** 40],
    ['-2**40, 2', '80028a060000000000ff2e', -(2 ** 40)],
    ['2**64, 2', '80028a090000000000000000012e', 2n ** 64n],
    ['0.1, 2', '8002473fb999999999999a2e', 0.1],
    ["'é', 2", '80025802000000c3a971002e', 'é'],
    ["'é', 4", '80049506000000000000008c02c3a9942e', 'é'],
    ["b'\\xe9', 3", '80034301e971002e', Uint8Array.of(0xe9)],
    ["b'\\xe9' in Python 2, 2", '80025501e971002e', 'é'],
    ["bytearray(b'a'), 5", '8005950b000000000000009601000000000000006194' + '2e', Uint8Array.of(0x61)],
    ['[1, [2]], 2', '80025d7100284b015d71014b0261652e', [1, [2]]],
    ['(1, 2, 3, 4), 2', '8002284b014b024b034b047471002e', { tuple: [1, 2, 3, 4] }],
    ['{1: 2}, 2', '80027d71004b014b02732e', new Map([[1, 2]])],
    [
      'OrderedDict(a=1), 2',
      '800263636f6c6c656374696f6e730a4f726465726564446963740a710029527101580100000061' + '71024b01732e',
      new Map([['a', 1]]),
    ],
  ])('reads %s', (_, hex, expected) => {
    expect(plain(read(Buffer.from(hex, 'hex')))).toEqual(expected);
  });

  it('gives one value wherever the memo is asked for it, also within itself', () => {
    const list = run(']q\x07h\x07aj\x07\0\0\0a') as PickleList;
    expect(list.items).toHaveLength(2);
    expect(list.items.every((item) => item === list)).toBe(true);
  });

  it.each([
    ['a function', 'cposix\nsystem\n'],
    ['a function of Python 2', 'c__builtin__\neval\n'],
    ['a name in two strings', 'X\x02\0\0\0osX\x06\0\0\0system\x93'],
    ['a function of torch', 'ctorch\nload\n'],
    ['a name within an allowed one', 'ccollections\nOrderedDict.__init__\n'],
    ['a name of Object.prototype', 'c__proto__\nconstructor\n'],
    ['a class', 'csubprocess\nPopen\n)\x81'],
  ])('refuses %s by its name', (_, operations) => {
    const marker = folder.in('ran');
    const command = `touch ${marker}`;
    const call = () => run(`${operations}(U${String.fromCharCode(command.length)}${command}tR`);
    const error = thrownBy(call);
    expect(error).toBeInstanceOf(WeightsError);
    const name: unknown = expect.stringMatching(/^[\w.]+$/);
    expect(error).toMatchObject({ code: 'pickle-global', facts: { global: name } });
    expect(existsSync(marker)).toBe(false);
  });

  it.each([
    ['INST', 'ios\nsystem\n'],
    ['OBJ', '(NoN'],
    ['NEWOBJ_EX', 'ccollections\nOrderedDict\n)}\x92'],
    ['PERSID', 'Pid\n'],
    ['EXT1', '\x82\x01'],
    ['protocol 0', "S'a'\n"],
    ['a byte that is no operation', '\xff'],
  ])('refuses the operation %s', (_, operations) => {
    expect(thrownBy(() => run(operations))).toMatchObject({ code: 'pickle-operation' });
  });

  it.each<[string, string, object]>([
    ['a value that is not there', 'a', { code: 'pickle-no-value' }],
    ['a value from before a mark', '](Na', { code: 'pickle-no-value' }],
    ['a mark that is not there', 't', { code: 'pickle-no-mark' }],
    ['an unknown memo', 'h\x01', { code: 'pickle-memo', facts: { index: 1 } }],
    ['more than one value', 'NN', { code: 'pickle-many-values' }],
    ['an append to a tuple', ')Na', { code: 'pickle-append', facts: { found: 'a tuple' } }],
    ['items of a list', ']NNs', { code: 'pickle-set-items', facts: { found: 'a list' } }],
    ['a key without value', '}(Nu', { code: 'pickle-odd-items' }],
    ['a call of a tuple', '))R', { code: 'pickle-call', facts: { found: 'a tuple' } }],
    ['a call of a name', 'cnumpy\nndarray\n)R', { code: 'pickle-call', facts: { found: 'numpy.ndarray' } }],
    ['a call with a list', 'ctorch\nSize\n]R', { code: 'pickle-arguments', facts: { found: 'a list' } }],
    ['a state of a list', ']Nb', { code: 'pickle-build', facts: { found: 'a list' } }],
    ['an id', 'NQ', { code: 'pickle-outside' }],
    ['text that is none', 'X\x01\0\0\0\xff', { code: 'pickle-utf8' }],
    ['text longer than the file', 'X\xff\xff\xff\xff', { code: 'pickle-cut' }],
    ['bytes longer than the file', '\x8e\xff\xff\xff\xff\xff\xff\xff\xff', { code: 'pickle-cut' }],
    ['a name without end', `c${'a'.repeat(2000)}\n`, { code: 'pickle-name-long' }],
    ['depth', '('.repeat(1001), { code: 'pickle-nesting', facts: { limit: 1000 } }],
  ])('refuses %s', (_, operations, fault) => {
    const error = thrownBy(() => run(operations));
    expect(error).toBeInstanceOf(WeightsError);
    expect(error).toMatchObject(fault);
  });

  it('ends with pickles that never would', () => {
    const error = thrownBy(() => run('N'.repeat(2_000_000)));
    expect(error).toMatchObject({ code: 'pickle-long', facts: { limit: 1_048_576 } });
  });

  it('copies no long value again and again', () => {
    const numbers = `(${'K\x01'.repeat(100)}t\x85`;
    expect(thrownBy(() => run(`ctorch\nSize\n${numbers}R`))).toMatchObject({
      code: 'pickle-dimensions',
      facts: { what: 'a torch.Size', count: 100 },
    });
    const pairs = `](${'K\x01K\x02\x86'.repeat(1000)}e\x85q\x01`;
    const dicts = `ccollections\nOrderedDict\nq\0${pairs}${'h\0h\x01R'.repeat(1049)}`;
    const error = thrownBy(() => run(dicts));
    expect(error).toMatchObject({ code: 'pickle-dict-size', facts: { limit: 1_048_576 } });
  });

  it('takes records of what trainings save for nothing but their name', () => {
    const made = run('cargparse\nNamespace\n)\x81}U\x02lrK\x01sb');
    expect(describeValue(made)).toBe('argparse.Namespace');
    expect(describeValue(run('cpathlib\nPosixPath\n(U\x01/U\x01atR'))).toBe('pathlib.PosixPath');
    const error = thrownBy(() => run('cargparse\nNamespace\n)\x81}U\x01xcos\nsystem\nsb'));
    expect(error).toMatchObject({ code: 'pickle-global', facts: { global: 'os.system' } });
  });

  it('refuses other protocols', () => {
    for (const bytes of [[0x80, 1, 0x4e, 0x2e], [0x80, 6, 0x4e, 0x2e], [0x4e, 0x2e], []]) {
      const code = bytes.length === 0 ? 'pickle-cut' : 'pickle-protocol';
      expect(thrownBy(() => read(Uint8Array.from(bytes)))).toMatchObject({ code });
    }
  });

  it('survives anything', () => {
    // Mostly known operations, so that some get far.
    const known = Array.from(
      'NJKMGXUTC().)tea}us]cRbQhjqr0\x85\x86\x87\x88\x89\x8a\x8c\x93\x94\x95\x96\0\x01\x02',
      (c) => c.charCodeAt(0),
    );
    const bytes = fc.array(
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: fc.nat(255) }),
    );
    fc.assert(
      fc.property(bytes, (operations) => {
        try {
          read(Uint8Array.from([0x80, 2, ...operations, 0x2e]));
        } catch (error) {
          if (!(error instanceof WeightsError)) throw error;
        }
      }),
      { numRuns: 5000 },
    );
  });
});
