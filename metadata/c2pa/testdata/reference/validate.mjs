// Validates files with the reference implementation:
//
//   node validate.mjs --trust anchors.pem FILE...
//
// Prints one line of JSON per file: its name, the state, the status codes of the active
// manifest and those that ingredients add, and the report in crJSON, which is what the
// conformance rubrics are for. A file that cannot be read has an error.
import fs from 'node:fs';
import path from 'node:path';
import { options, reference, settings, typeOf } from './load.mjs';

const { trust, sidecar, files } = options();
const { WasmReader } = await reference();
const context = settings(trust && fs.readFileSync(trust, 'utf8'));

const codes = (results) => ['success', 'informational', 'failure'].flatMap((kind) => (results?.[kind] ?? []).map((s) => s.code));
const explained = (results) => (results?.failure ?? []).map((s) => `${s.code}: ${s.explanation ?? ''} (${s.url ?? ''})`);

async function validate(file) {
  const reader = await WasmReader.fromBytes(typeOf(file), new Uint8Array(fs.readFileSync(file)), context);
  const report = JSON.parse(reader.json());
  const results = report.validation_results ?? {};
  const deltas = (results.ingredientDeltas ?? []).map((d) => d.validationDeltas);
  const out = {
    state: report.validation_state,
    active: report.active_manifest,
    manifests: Object.keys(report.manifests ?? {}).length,
    codes: codes(results.activeManifest),
    failures: [results.activeManifest, ...deltas].flatMap(explained),
    crjson: JSON.parse(reader.crJson()),
  };
  reader.free();
  return out;
}

for (const file of files) {
  const result = await validate(file).catch((err) => ({ error: String(err?.message ?? err) }));
  console.log(JSON.stringify({ file: path.basename(file), ...result }));
}
