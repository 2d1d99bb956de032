import { drawImage as a, sourceOf } from './main/stimuli/resample.ts';
import { drawImage as b } from './main/stimuli/resample_old.ts';
import { encodeSrgb, linearToSrgb } from './main/stimuli/encode.ts';
let n=0;
for (let k=0;k<400;k++){const R=Math.random; const w=1+Math.floor(R()*90),h=1+Math.floor(R()*90); const lum=Float32Array.from({length:w*h},()=>R());
 const S=1+Math.floor(R()*70); const sq= k%3===0?{left:0,top:0,side:S}:{left:R()*20-10,top:R()*20-10,side:1+R()*80}; const o={fit:R()<.5?'cover':'contain',background:R(),smooth:R()<.3} as const;
 const x=a(sourceOf({widthPx:w,heightPx:h,luminance:lum}),S,sq,o), y=b(sourceOf({widthPx:w,heightPx:h,luminance:lum}),S,sq,o);
 for(let i=0;i<x.length;i++) if(!Object.is(x[i],y[i])) {console.log('differs',w,h,S,sq,o,x[i],y[i]);break;} n++;}
console.log(n,'compared');
const l=Float32Array.from({length:2e6},(_,i)=>i/2e6*1.02-.01), o=new Float32Array(2e6); encodeSrgb(l,o,{scale:1,shift:0,start:0,step:1}); let m=0; for(let i=0;i<2e6;i++) m=Math.max(m,Math.abs(o[i]!-Math.fround(linearToSrgb(l[i]!)))); console.log(m);
