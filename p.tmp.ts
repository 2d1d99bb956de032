import { makePhotographs } from './bench/screening/material.ts';
import { drawPicture } from './main/engine/node/pictures.ts';
import sharp from 'sharp';
sharp.cache(false);
const ph = await makePhotographs(256);
const format={sizePx:224,channels:3,channelsLast:false,curve:'srgb',colour:true,scale:[4,4,4],shift:[0,0,0]} as const;
const out=new Float32Array(3*224*224);
for(let k=0;k<16;k++) for (const b of ph) await drawPicture({spec:{type:'image',imageSha256:'',sizeDeg:8,fit:'cover',xDeg:0,yDeg:0},bytes:b,field:{sizePx:224,fieldOfViewDeg:8,background:.5},format:format as never},out);
