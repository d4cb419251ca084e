// Signs files with the reference implementation, without a time stamp:
//
//   node sign.mjs --key leaf.key --cert chain.pem [--repeat N] [--trust anchors.pem] [--out DIR] FILE...
//
// Prints one line of JSON per file: how long signing took, and with --trust
// validating what was signed, in milliseconds, the best of N runs in this one
// process. --out keeps the signed files, under their names. The key is ECDSA, P-256.
import fs from 'node:fs';
import path from 'node:path';
import crypto from 'node:crypto';
import { Bytes, bytes, head, list, map, options, reference, settings, text, typeOf } from './load.mjs';

const { key, cert, repeat = 1, trust, out, files } = options();
const { WasmBuilder, WasmReader } = await reference();
const privateKey = crypto.createPrivateKey(fs.readFileSync(key));
const chain = fs.readFileSync(cert, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+/g).map((pem) => Buffer.from(pem.slice(27), 'base64'));

const room = 16 << 10; // of a signature; what it does not take is padded

function cose(claim) {
  const hidden = bytes(map(head(0, 1), head(1, 6), head(0, 33), chain.length > 1 ? list(...chain.map(bytes)) : bytes(chain[0])));
  const message = list(text('Signature1'), hidden, bytes(Buffer.alloc(0)), bytes(claim));
  const signature = crypto.sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const build = (n) => Buffer.concat([Buffer.from([0xd2]), list(hidden, map(text('pad'), bytes(Buffer.alloc(n))), Buffer.from([0xf6]), bytes(signature))]);
  return build(1000 + room - build(1000).length);
}

const definition = JSON.stringify({
  claim_generator_info: [{ name: 'reference', version: '1' }],
  assertions: [{ label: 'c2pa.actions.v2', data: { actions: [{
    action: 'c2pa.created',
    digitalSourceType: 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia',
    softwareAgent: { name: 'Model', version: '1' },
  }] } }],
});
const context = JSON.stringify({
  verify: { verify_after_sign: false, verify_trust: false, remote_manifest_fetch: false, ocsp_fetch: false },
  builder: { thumbnail: { enabled: false } },
});
const signer = { alg: 'es256', reserveSize: room, sign: async (claim) => new Uint8Array(cose(Buffer.from(claim))) };

async function best(step) {
  let least = Infinity, result;
  for (let i = 0; i < repeat; i++) {
    const start = performance.now();
    result = await step();
    least = Math.min(least, performance.now() - start);
  }
  return [least, result];
}

for (const file of files) {
  const type = typeOf(file);
  const data = fs.readFileSync(file);
  const [sign, signed] = await best(() => WasmBuilder.fromJson(definition, context).sign(signer, [], type, new Bytes([data], { type })));
  const line = { file: path.basename(file), sign };
  if (trust) {
    const anchors = settings(fs.readFileSync(trust, 'utf8'));
    [line.validate, line.state] = await best(async () => {
      const reader = await WasmReader.fromBytes(type, new Uint8Array(signed), anchors);
      const state = JSON.parse(reader.json()).validation_state;
      reader.free();
      return state;
    });
  }
  if (out) fs.writeFileSync(path.join(out, line.file), signed);
  console.log(JSON.stringify(line));
}
