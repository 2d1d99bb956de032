import { expect, test } from 'vitest';
import { versionDifference } from './frozen.ts';

test('a job goes on with the versions it was started with only; what one side does not record counts as another', () => {
  const versions = { onnxruntime: '1.30.0', drawing: '0a1b', graphics: '6.1.0, 0x10de:0x2330' };
  expect(versionDifference(versions, { ...versions })).toBeNull();
  expect(versionDifference(versions, { ...versions, drawing: 'ffff', graphics: '6.1.0, 0x10de:0x2331' })).toBe(
    'This job was started with drawing 0a1b, graphics 6.1.0, 0x10de:0x2330 and this is drawing ffff, graphics 6.1.0, 0x10de:0x2331: ' +
      'the rest would not be computed in the same way. What is stored is kept. Start the plan again as a new job.',
  );
  const { graphics, ...earlier } = versions;
  expect(versionDifference(earlier, versions)).toContain(`graphics (not recorded) and this is graphics ${graphics}:`);
  expect(versionDifference(versions, earlier)).toContain(`graphics ${graphics} and this is graphics (not recorded):`);
});
