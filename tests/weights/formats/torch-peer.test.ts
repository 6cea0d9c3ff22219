import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { writePytorch } from '../../../weights/formats/pytorch/pytorch-writer';
import { readWeights } from '../../../weights/formats/read-weights';
import { readSafetensors, writeSafetensors } from '../../../weights/formats/safetensors-file';
import { anyTensors, plain, temporaryFolder } from './weight-files';

/** Where the kit for comparing with torchvision puts its Python. */
const PYTHON = path.join(homedir(), '.cache', 'torchvision-peer', 'python');
const describeTorch = existsSync(PYTHON) ? describe : describe.skip;

const folder = temporaryFolder();
const python = (program: string, ...given: string[]): string =>
  execFileSync(PYTHON, ['-c', program, ...given], { encoding: 'utf8' });

/** Tensors that lie oddly, saved by torch in both serializations, and as torch sees them in safetensors. */
const SAVE = `
import argparse, pathlib, sys, numpy, torch
from collections import OrderedDict
from safetensors.torch import save_file
torch.set_num_threads(1)
torch.manual_seed(0)
base = torch.randn(4, 5, 6)
types = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
         torch.uint8, torch.bool]
state = OrderedDict((str(t), (base * 9).to(t)) for t in types)
state.update(base=base, tied=base, permuted=base.permute(2, 0, 1), part=base[1:3, ::2, 5], transposed=base[0].t(),
             expanded=base[:1, :1, :1].expand(3, 2, 4), scalar=base[1, 2, 3], empty=base[:0], one=base[2:3, :, :1],
             channels_last=base[None].contiguous(memory_format=torch.channels_last), parameter=torch.nn.Parameter(base[1]),
             imaginary=torch.view_as_real(torch.complex(base, -base))[..., 1], half=state['torch.float16'][1].t())
state._metadata = OrderedDict({'': dict(version=1), 'bn': dict(version=2)})
torch.save(state, sys.argv[1] + '/zip')
torch.save(state, sys.argv[1] + '/legacy', _use_new_zipfile_serialization=False)
torch.save(state, sys.argv[1] + '/legacy-5', _use_new_zipfile_serialization=False, pickle_protocol=5)
# What torchvision's references/detection/train.py saves, and more of that kind.
layer = torch.nn.Linear(2, 2)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
layer(torch.ones(2)).sum().backward()
optimizer.step()
args = argparse.Namespace(lr=0.1, lr_steps=[8, 11], output=pathlib.Path('runs'), device=torch.device('cuda:0'))
torch.save(dict(model=state, optimizer=optimizer.state_dict(), args=args, epoch=3, random=numpy.random.get_state(),
                lr_scheduler=torch.optim.lr_scheduler.MultiStepLR(optimizer, [8, 11]).state_dict()), sys.argv[1] + '/training')
save_file({k: v.detach().clone(memory_format=torch.contiguous_format) for k, v in state.items()}, sys.argv[1] + '/truth')
`;

/** Reads files of ours as untrusted ones are read, and writes what is in them with safetensors. */
const LOAD = `
import sys, torch
from safetensors.torch import save_file
for file in sys.argv[1:]:
    state = torch.load(file, weights_only=True)
    assert all(v.is_contiguous() for v in state.values())
    torch.load(file, weights_only=True, mmap=True)
    save_file(state, file + '.safetensors', metadata=dict(order='\\n'.join(state)))
`;

/** Without torch, which would make 0 or 1 of any boolean. */
const DESERIALIZE = `
import json, sys
from safetensors import deserialize
files = [deserialize(open(file, 'rb').read()) for file in sys.argv[1:]]
print(json.dumps([[[name, t['dtype'], t['shape'], list(t['data'])] for name, t in file] for file in files]))
`;

describeTorch('beside torch', () => {
  it('its files are read as it reads them, and come back to it', () => {
    python(SAVE, folder.in(''));
    const truth = new Map(readSafetensors(folder.in('truth')).tensors);
    for (const name of ['zip', 'legacy', 'legacy-5', 'training']) {
      const { tensors, metadata, leftOut } = readWeights(folder.in(name), { requireFinite: true });
      expect(new Map(plain(tensors).map(([key, ...rest]) => [key, rest]))).toEqual(
        new Map(plain(truth).map(([key, ...rest]) => [key, rest])),
      );
      expect(JSON.parse(metadata['_metadata'])).toEqual({ '': { version: 1 }, bn: { version: 2 } });
      expect(leftOut).toEqual(
        name === 'training' ? ['optimizer', 'args', 'epoch', 'random', 'lr_scheduler'] : [],
      );
      // By way of safetensors, nothing is lost either.
      writeSafetensors(folder.in('between'), tensors, metadata);
      const between = readSafetensors(folder.in('between'));
      writePytorch(folder.in(`our-${name}`), between.tensors, between.metadata);
    }
    python(LOAD, folder.in('our-zip'), folder.in('our-legacy'), folder.in('our-training'));
    const back = readSafetensors(folder.in('our-zip.safetensors'));
    expect(back.metadata['order']).toBe([...readWeights(folder.in('zip')).tensors.keys()].join('\n'));
    expect(new Map(plain(back.tensors).map(([key, ...rest]) => [key, rest]))).toEqual(
      new Map(plain(truth).map(([key, ...rest]) => [key, rest])),
    );
  });

  it('safetensors’ own package reads whatever we write, bit by bit', () => {
    const files = fc.sample(anyTensors, { numRuns: 30, seed: 5 }).map((tensors, k) => {
      tensors.delete('__metadata__');
      writeSafetensors(folder.in(String(k)), tensors, { format: 'pt' });
      return tensors;
    });
    const read = JSON.parse(python(DESERIALIZE, ...files.map((_, k) => folder.in(String(k))))) as unknown[][];
    expect(read.map((entries) => entries.length)).toEqual(files.map(({ size }) => size));
    for (const [k, tensors] of files.entries()) {
      expect(read[k]).toEqual(expect.arrayContaining(plain(tensors)));
    }
  });

  it('it reads whatever we write, bit by bit', () => {
    const files = fc.sample(anyTensors, { numRuns: 30, seed: 4 }).map((tensors, k) => {
      tensors.delete('__metadata__');
      // torch reads any byte as a boolean and gives back 0 or 1; no weights have others.
      for (const { type, bytes } of tensors.values())
        if (type === 'BOOL') bytes.forEach((b, i) => (bytes[i] = b & 1));
      writePytorch(folder.in(String(k)), tensors);
      return tensors;
    });
    python(LOAD, ...files.map((_, k) => folder.in(String(k))));
    for (const [k, tensors] of files.entries()) {
      const read = readSafetensors(folder.in(`${k}.safetensors`)).tensors;
      expect(new Map(plain(read).map(([key, ...rest]) => [key, rest]))).toEqual(
        new Map(plain(tensors).map(([key, ...rest]) => [key, rest])),
      );
    }
  });
});
