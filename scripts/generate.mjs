/** Writes every generated file that is out of date. Quick when nothing is. */
import { generateProto } from './generate-proto.mjs';

if (generateProto()) console.log('generated src/cri/generated/runtime-v1.json');
