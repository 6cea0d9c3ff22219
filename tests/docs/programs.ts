import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';

const root = path.resolve(__dirname, '..', '..');
/** Packages that the document tells its reader to install, beside this one; and types that every project has. */
const PACKAGES = ['@tensorflow', '@types', 'sharp'];
/** A program: its language, its file's name in the first line, and all of it. */
const PROGRAM = /^```(ts|js)\n(\/\/ (\S+)\n[^]*?)^```$/gm;
const COMMANDS = /^```sh\n([^]*?)^```$/gm;

/** The programs of a document by their files' names. */
export function programsOf(document: string): Map<string, string> {
  const found = [...document.matchAll(PROGRAM)].map(([, , source, name]) => [name, source] as const);
  const programs = new Map(found);
  if (programs.size < found.length) throw new Error('two programs of the document have one name');
  return programs;
}

/** The commands of a document in its order; one that is continued in the next line is one. */
export function commandsOf(document: string): string[] {
  return [...document.matchAll(COMMANDS)].flatMap(([, text]) =>
    text
      .replaceAll(/\\\n\s*/g, '')
      .trim()
      .split('\n'),
  );
}

/**
 * A fresh project of a user with the programs of a document in it: ES modules, with this package, as it was built, in
 * `node_modules`.
 */
export class UsersProject {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'programs-'));

  constructor(private readonly programs: ReadonlyMap<string, string>) {
    const modules = this.at('node_modules');
    mkdirSync(modules);
    symlinkSync(root, path.join(modules, 'faster-rcnn'));
    for (const name of PACKAGES) symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name));
    writeFileSync(this.at('package.json'), JSON.stringify({ type: 'module' }));
    for (const [name, source] of programs) writeFileSync(this.at(name), source);
  }

  at(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  /** Compiles the programs strictly. Returns what the compiler minds. */
  compile(): string[] {
    const program = ts.createProgram(
      [...this.programs.keys()].filter((name) => name.endsWith('.ts')).map((name) => this.at(name)),
      {
        strict: true,
        noUnusedLocals: true,
        skipLibCheck: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        types: ['node'],
        typeRoots: [path.join(root, 'node_modules', '@types')],
      },
    );
    const { diagnostics } = program.emit();
    return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(({ file, start, messageText }) => {
      const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
      return `${file ? path.basename(file.fileName) : ''}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  }

  /** Runs a program in a process of its own. Returns what it prints; fails where the process does. */
  run(name: string, ...argv: string[]): string {
    return this.node([name.replace(/\.ts$/, '.js'), ...argv]);
  }

  /** Runs a command of the document: `npx tsx FILE ...` of a program, `npx rcnn ...`. */
  command(line: string): string {
    const [npx, tool, ...argv] = line.split(' ');
    if (npx === 'npx' && tool === 'tsx') return this.run(argv[0], ...argv.slice(1));
    if (npx === 'npx' && tool === 'rcnn')
      return this.node([this.at('node_modules/faster-rcnn/tools/rcnn.mjs'), ...argv]);
    throw new Error(`${line}: is no command that is known here`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  private node(argv: readonly string[]): string {
    const options = { cwd: this.folder, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, options);
    if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`);
    return stdout;
  }
}

/** A document of this project. */
export function readDocument(name: string): string {
  return readFileSync(path.join(root, 'docs', name), 'utf8');
}
