import { InputError } from '../../detection/errors';
import { suggest } from '../../weights/settings/suggest';

/**
 * Whether a pattern is a parameter's name or the beginning of it up to a dot: `body.layer1` matches
 * `body.layer1.0.conv1.weight`, but not what is in `layer10`. Each `*` stands for any characters, dots too:
 * `*.bias`, `backbone.*.bn1`.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}($|\\.)`).test(name);
}

/**
 * @param key where the pattern stands in the configuration.
 * @param names of all parameters.
 * @throws InputError where the pattern matches none of them.
 */
export function requireMatch(key: string, pattern: string, names: readonly string[]): void {
  if (names.some((name) => matchesPattern(pattern, name))) return;
  const beginnings = names.flatMap((name) =>
    name.split('.').map((_, k, parts) => parts.slice(0, k + 1).join('.')),
  );
  const meant = suggest(pattern, [...new Set(beginnings)]);
  const hint =
    meant === undefined ? `; its parameters have names like ${names[0]}` : `; did you mean ${meant}?`;
  throw new InputError(
    'no-parameter',
    `${key}: no parameter of the model matches ${JSON.stringify(pattern)}${hint}`,
    { key, pattern, meant },
  );
}
