/** What the system refuses for reasons that only the user can change, by its codes. */
const refusals: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space or choose another place',
  EDQUOT: 'the disk quota is used up; free some space or choose another place',
  EROFS: 'the disk is read-only; choose another place',
  EACCES: 'permission denied; choose another place or change its permissions',
  EPERM: 'not permitted; choose another place or change its permissions',
  ENOTDIR: 'a part of this path is a file, where a folder is expected',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'symbolic links form a loop',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine; close some programs',
};

/** One line about an error that a full disk, say, has caused; undefined for a bug of ours. */
export function systemRefusal(error: unknown): string | undefined {
  const { code, path, message } = Object(error) as Partial<NodeJS.ErrnoException>;
  if (code === undefined || !Object.hasOwn(refusals, code)) return undefined;
  return `${path ?? 'writing a file'}: ${refusals[code]} (${message})`;
}
