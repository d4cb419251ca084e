// Makes the files of testdata/vectors with the reference implementation:
//
//   node vectors.mjs --keys DIR --media DIR --out DIR
//
// vectors.sh makes the keys. All is new at each run: times, keys, names of manifests.
import fs from 'node:fs';
import path from 'node:path';
import crypto from 'node:crypto';
import { Bytes, bytes, head, list, map, options, reference, text, typeOf } from './load.mjs';

const { keys, media, out } = options();
const { WasmBuilder, WasmReader } = await reference();

const algorithms = {
  es256: [-7, 'sha256'], es384: [-35, 'sha384'], es512: [-36, 'sha512'],
  ps256: [-37, 'sha256'], ps384: [-38, 'sha384'], ps512: [-39, 'sha512'], ed25519: [-8, null],
};
const room = 1536; // of a signature; what it does not take is padded

function signer(alg, name = alg) {
  const [id, hash] = algorithms[alg];
  const key = crypto.createPrivateKey(fs.readFileSync(path.join(keys, name + '.key')));
  const chain = bytes(new crypto.X509Certificate(fs.readFileSync(path.join(keys, name + '.pem'))).raw);
  const hidden = bytes(map(Buffer.from([1]), head(1, -1 - id), head(0, 33), chain));
  const options = alg.startsWith('ps')
    ? { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: crypto.constants.RSA_PSS_SALTLEN_DIGEST }
    : { key, dsaEncoding: 'ieee-p1363' };
  const sign = async (claim) => {
    const message = list(text('Signature1'), hidden, bytes(Buffer.alloc(0)), bytes(Buffer.from(claim)));
    const signature = bytes(crypto.sign(hash, message, options));
    const build = (n) => Buffer.concat([Buffer.from([0xd2]), list(hidden, map(text('pad'), bytes(Buffer.alloc(n))), Buffer.from([0xf6]), signature)]);
    return new Uint8Array(build(256 + room - build(256).length));
  };
  return { alg, reserveSize: room, sign };
}

const source = (name) => 'http://cv.iptc.org/newscodes/digitalsourcetype/' + name;
const generated = { action: 'c2pa.created', digitalSourceType: source('trainedAlgorithmicMedia'), softwareAgent: { name: 'Model', version: '1' }, when: '2026-11-01T08:00:00Z' };

// definition is a manifest with some actions, all of the signer.
const definition = (actions, more = {}) => ({
  claim_generator_info: [{ name: 'reference', version: '1' }],
  title: 'vector',
  ...more,
  assertions: [{ label: 'c2pa.actions.v2', data: { actions, allActionsIncluded: true }, created: true }, ...(more.assertions ?? [])],
});

const context = JSON.stringify({
  verify: { verify_after_sign: false, verify_trust: false, remote_manifest_fetch: false, ocsp_fetch: false },
  builder: { thumbnail: { enabled: false } },
});

const read = (file) => new Bytes([fs.readFileSync(file)], { type: typeOf(file) });
const write = (name, data) => fs.writeFileSync(path.join(out, name), data);

// sign makes one file. prepare adds to the builder what a definition cannot say.
async function sign(name, input, def, { alg = 'es256', key = alg, prepare = () => {} } = {}) {
  const builder = WasmBuilder.fromJson(JSON.stringify(def), context);
  await prepare(builder);
  const { manifest, asset } = await builder.signAndGetManifestBytes(signer(alg, key), [], typeOf(input), read(input));
  write(name, Buffer.from(asset));
  return Buffer.from(manifest);
}

// Formats.
const formats = [
  'jpeg/progressive.jpg', 'png/rgb.png', 'webp/alpha.webp', 'gif/old.gif', 'tiff/pillow.tif', 'tiff/pages.tif', 'tiff/small.dng',
  'svg/prefixed.svg', 'heic/plain.heic', 'avif/plain.avif', 'jxl/container.jxl', 'mp4/faststart.mp4', 'mp4/moov-last.mp4', 'mp4/fragmented.mp4',
  'm4a/tagged.m4a', 'mov/plain.mov', 'mp3/untagged.mp3', 'flac/blocks.flac', 'wav/plain.wav', 'avi/ffmpeg.avi', 'pdf/pillow.pdf',
];
for (const file of formats) await sign(file.replace('/', '-'), path.join(media, file), definition([generated]));

// Algorithms.
const jpeg = path.join(media, 'jpeg/baseline.jpg');
for (const alg in algorithms) await sign(alg + '.jpg', jpeg, definition([generated]), { alg });
await sign('stranger.jpg', jpeg, definition([generated]), { key: 'stranger' });

// What manifests say.
const signed = (name) => path.join(out, name);
const edit = (builder) => builder.setIntent('edit');
const made = (name) => [{ ...generated, digitalSourceType: source(name) }];
await sign('captured.jpg', jpeg, definition(made('digitalCapture')));
await sign('drawn.jpg', jpeg, definition(made('digitalCreation')));
await sign('watermarked.jpg', jpeg, definition([generated, { action: 'c2pa.watermarked.bound' }], {
  assertions: [{ label: 'c2pa.soft-binding', created: true, data: { alg: 'com.example.mark.1', blocks: [{ scope: {}, value: [1, 2, 3] }], pad: [] } }],
}));
await sign('version1.jpg', jpeg, definition([generated], { claim_version: 1, claim_generator: 'reference/1' }));

// Histories.
await sign('opened.jpg', signed('es256.jpg'), definition([{ action: 'c2pa.cropped' }]), { prepare: edit });
await sign('opened-captured.jpg', signed('captured.jpg'), definition([{ action: 'c2pa.cropped' }]), { prepare: edit });
await sign('filled.jpg', signed('captured.jpg'), definition([{ action: 'c2pa.edited', digitalSourceType: source('compositeWithTrainedAlgorithmicMedia') }]), { prepare: edit });
await sign('opened-twice.jpg', signed('opened.jpg'), definition([{ action: 'c2pa.resized' }]), { alg: 'ps256', prepare: edit });
await sign('opened-version1.jpg', signed('version1.jpg'), definition([{ action: 'c2pa.cropped' }]), { prepare: edit });
await sign('opened-stranger.jpg', signed('stranger.jpg'), definition([{ action: 'c2pa.cropped' }]), { prepare: edit });
await sign('opened-plain.jpg', jpeg, definition([{ action: 'c2pa.cropped' }]), { prepare: edit });
await sign('updated.jpg', signed('es256.jpg'), { claim_generator_info: [{ name: 'reference', version: '1' }] }, { prepare: (b) => b.setIntent('update') });

const note = 'c2pa.assertions/com.example.private';
await sign('private.jpg', jpeg, definition([generated], { assertions: [{ label: 'com.example.private', created: true, data: { name: 'N. N.' } }] }));
const active = async (name) => (await WasmReader.fromBytes('image/jpeg', new Uint8Array(fs.readFileSync(signed(name))), context)).activeLabel();
const redact = `self#jumbf=/c2pa/${await active('private.jpg')}/${note}`;
await sign('redacted.jpg', signed('private.jpg'), definition([{ action: 'c2pa.cropped' }]), {
  prepare: (b) => (edit(b), b.addRedaction(redact, 'c2pa.PII.present')),
});

const broken = fs.readFileSync(signed('es256.jpg'));
broken[broken.length - 30] ^= 1;
write('broken.jpg', broken);
await sign('opened-broken.jpg', signed('broken.jpg'), definition([{ action: 'c2pa.cropped' }]), { prepare: edit });

const place = (...files) => async (builder) => {
  for (const file of files) {
    await builder.addIngredientFromBlob(JSON.stringify({ title: path.basename(file), relationship: 'componentOf', instance_id: path.basename(file) }), 'image/jpeg', read(file));
  }
};
const placed = (...ids) => ({ action: 'c2pa.placed', parameters: { ingredientIds: ids } });
await sign('placed.jpg', jpeg, definition([...made('digitalCreation'), placed('es256.jpg', 'captured.jpg')]), { prepare: place(signed('es256.jpg'), signed('captured.jpg')) });

// Beside the file, and elsewhere.
const sidecar = await sign('beside.jpg', jpeg, definition([generated]), { prepare: (b) => b.setNoEmbed(true) });
write('beside.c2pa', sidecar);
await sign('remote.jpg', jpeg, definition([generated]), { prepare: (b) => (b.setNoEmbed(true), b.setRemoteUrl('https://example.com/vector.c2pa')) });
