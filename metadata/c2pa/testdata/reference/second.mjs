// Validates files with a second implementation, which knows JPEG, PNG, HEIC and AVIF:
//
//   node second.mjs FILE...
//
// Prints one line of JSON per file. It does not look at who signed.
import fs from 'node:fs';
import path from 'node:path';
import { module, options } from './load.mjs';

const dist = '@trustnxt/c2pa-ts/dist/';
const asset = await module(dist + 'asset/index.js');
const { SuperBox } = await module(dist + 'jumbf/index.js');
const { ManifestStore } = await module(dist + 'manifest/index.js');

async function validate(file) {
  const bytes = fs.readFileSync(file);
  const Format = [asset.JPEG, asset.PNG, asset.BMFF].find((f) => f.canRead(bytes));
  const reader = Format.create ? await Format.create(bytes) : new Format(bytes);
  const store = ManifestStore.read(SuperBox.fromBuffer(await reader.getManifestJUMBF()));
  const result = await store.validate(reader);
  const failed = result.statusEntries.filter((e) => !e.success);
  return { valid: result.isValid, failures: failed.map((e) => `${e.code}: ${e.explanation ?? ''}`) };
}

for (const file of options().files) {
  const result = await validate(file).catch((err) => ({ valid: false, failures: [String(err?.message ?? err)] }));
  console.log(JSON.stringify({ file: path.basename(file), ...result }));
}
