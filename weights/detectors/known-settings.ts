import { InputError } from '../../detection/errors';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { withSettings, type SettingValues } from '../../detection/modeling/settings';
import { describeIssue } from '../settings/issues';
import { fieldAt, pathText } from '../settings/keys';
import { partialSettings } from '../settings/setting-fields';

/**
 * Settings that a detector's file says are not its model's own.
 *
 * @throws InputError where the model cannot have them: it is of another version of this program, or damaged.
 */
export function knownSettings(
  file: string,
  { name, settings }: ModelDefinition,
  given: unknown,
  numClasses: number,
): SettingValues {
  const schema = partialSettings(settings.schema);
  const parsed = schema.safeParse(given, { reportInput: true });
  // The schema leaves nothing else.
  const values = parsed.data as SettingValues | undefined;
  const faults = values
    ? settings
        .faults(withSettings(settings.values, values), numClasses)
        .map(({ setting, reason }) => `${setting} ${reason}`)
    : (parsed.error?.issues ?? []).flatMap((issue) =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => `it has no ${pathText([...issue.path, key])} here`)
          : [`${pathText(issue.path)}: ${describeIssue(issue, fieldAt(schema, issue.path))}`],
      );
  if (values && faults.length === 0) return values;
  throw new InputError(
    'detector-settings',
    `${file}: is of ${name} with settings that this model cannot have: ${faults.join('; ')}`,
    { file, model: name, faults },
  );
}
