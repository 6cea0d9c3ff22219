import { escapeMarkup } from '../../datasets/drawing/markup';

/** Text that is HTML already. Anything else that goes into `html` is escaped. */
export class Markup {
  constructor(readonly text: string) {}
}

type Content = Markup | string | number | readonly Content[];

/** A template whose values are escaped: `html`<td>${name}</td>``. Lists are joined; Markup stays as it is. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(strings.map((text, i) => text + (i < values.length ? render(values[i]) : '')).join(''));
}

function render(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(render).join('');
  return escapeMarkup(String(content));
}
