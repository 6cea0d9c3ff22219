import { tableName, textTable } from '../../datasets/text-table';

test('names are aligned left, numbers right, by characters', () => {
  const rows = [
    ['name', 'count'],
    ['🦊🦊', '7'],
    ['a longer one', '123456'],
  ];
  expect(textTable(rows)).toEqual(['name           count', '🦊🦊                 7', 'a longer one  123456']);
  expect(
    textTable(
      [
        ['a', 'bb', '1'],
        ['aa', 'b', '10'],
      ],
      2,
    ),
  ).toEqual(['a   bb   1', 'aa  b   10']);
});

test('a name stays on its line', () => {
  expect(tableName('a\nb\u2028c\td')).toBe('a b c d');
});
