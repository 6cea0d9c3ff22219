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
    expect(call).toThrow(WeightsError);
    expect(call).toThrow(/asks for [\w.]+, which is none of the few names .* refused, and nothing was run/);
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
    expect(() => run(operations)).toThrow(/operation 0x[0-9a-f]{2}, which is none that data need/);
  });

  it.each<[string, string, RegExp]>([
    ['a value that is not there', 'a', /takes a value where there is none/],
    ['a value from before a mark', '](Na', /takes a value|appends to/],
    ['a mark that is not there', 't', /closes what was never opened/],
    ['an unknown memo', 'h\x01', /refers to value 1 before it is there/],
    ['more than one value', 'NN', /more than one value/],
    ['an append to a tuple', ')Na', /appends to a tuple/],
    ['items of a list', ']NNs', /sets items of a list/],
    ['a key without value', '}(Nu', /key without a value/],
    ['a call of a tuple', '))R', /calls a tuple/],
    ['a call of a name', 'cnumpy\nndarray\n)R', /calls numpy.ndarray/],
    ['a call with a list', 'ctorch\nSize\n]R', /calls with a list/],
    ['a state of a list', ']Nb', /gives a state to a list/],
    ['an id', 'NQ', /refers to data outside/],
    ['text that is none', 'X\x01\0\0\0\xff', /no UTF-8/],
    ['text longer than the file', 'X\xff\xff\xff\xff', /cut short/],
    ['bytes longer than the file', '\x8e\xff\xff\xff\xff\xff\xff\xff\xff', /cut short/],
    ['a name without end', `c${'a'.repeat(2000)}\n`, /name without end/],
    ['depth', '('.repeat(1001), /absurdly deep/],
  ])('refuses %s', (_, operations, message) => {
    expect(() => run(operations)).toThrow(WeightsError);
    expect(() => run(operations)).toThrow(message);
  });

  it('ends with pickles that never would', () => {
    expect(() => run('N'.repeat(2_000_000))).toThrow(/more than 1048576 operations/);
  });

  it('copies no long value again and again', () => {
    const numbers = `(${'K\x01'.repeat(100)}t\x85`;
    expect(() => run(`ctorch\nSize\n${numbers}R`)).toThrow(/torch.Size has 100 numbers; 64 are enough/);
    const pairs = `](${'K\x01K\x02\x86'.repeat(1000)}e\x85q\x01`;
    const dicts = `ccollections\nOrderedDict\nq\0${pairs}${'h\0h\x01R'.repeat(1049)}`;
    expect(() => run(dicts)).toThrow(/makes OrderedDicts of more than 1048576 pairs/);
  });

  it('takes records of what trainings save for nothing but their name', () => {
    const made = run('cargparse\nNamespace\n)\x81}U\x02lrK\x01sb');
    expect(describeValue(made)).toBe('argparse.Namespace');
    expect(describeValue(run('cpathlib\nPosixPath\n(U\x01/U\x01atR'))).toBe('pathlib.PosixPath');
    expect(() => run('cargparse\nNamespace\n)\x81}U\x01xcos\nsystem\nsb')).toThrow(/asks for os.system/);
  });

  it('refuses other protocols', () => {
    for (const bytes of [[0x80, 1, 0x4e, 0x2e], [0x80, 6, 0x4e, 0x2e], [0x4e, 0x2e], []]) {
      expect(() => read(Uint8Array.from(bytes))).toThrow(WeightsError);
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
