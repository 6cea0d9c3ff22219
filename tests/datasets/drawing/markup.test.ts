import { escapeMarkup } from '../../../datasets/drawing/markup';

test('escapes the five characters', () => {
  expect(escapeMarkup(`<a b="c">'&'</a>`)).toBe('&lt;a b=&quot;c&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;');
});

test('replaces what XML or HTML cannot hold', () => {
  const given = 'a\u0000b\u001bc\ud800d\ufffee\tf\r\n😀日\u007fg\u0085h\u00a0é';
  const safe = 'a\ufffdb\ufffdc\ufffdd\ufffde\tf\r\n😀日\ufffdg\ufffdh\u00a0é';
  expect(escapeMarkup(given)).toBe(safe);
});
