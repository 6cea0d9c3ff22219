import { InputError } from '../errors';

/** A part of a detector does not say how it is exported: it has no `exportTo`. */
export class NotExportableError extends InputError {
  override readonly name = 'NotExportableError';

  /** @internal */
  constructor(
    /** What it is called in the program. */
    readonly part: string,
  ) {
    super('not-exportable', `${part} cannot be exported to ONNX: it has no exportTo`, { part });
  }
}

/** What a part has become in an ONNX graph. @throws NotExportableError where it does not say how: it has no `exportTo` */
export function requireExported<Exported>(exported: Exported | undefined, part: object): Exported {
  if (exported !== undefined) return exported;
  throw new NotExportableError(part.constructor.name);
}
