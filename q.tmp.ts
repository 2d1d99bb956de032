const W=280,H=224,S=224;
const u8=Uint8Array.from({length:W*H*3},()=>Math.random()*256);
const lin=Float64Array.from({length:256},(_,i)=>i/255);
const first=new Int32Array(S), count=new Int32Array(S), stride=4, weights=new Float64Array(S*stride);
for(let i=0;i<S;i++){first[i]=Math.floor(i*1.25);count[i]=i%2?3:2;for(let k=0;k<3;k++)weights[i*stride+k]=.4}
const samples=new Float64Array(W), line=new Float64Array(S), sums=new Float64Array(S*S), out=new Float32Array(S*S);
const T:Record<string,number>={};
function tm(n:string,f:()=>void){const c=process.cpuUsage();f();const d=process.cpuUsage(c);T[n]=(T[n]??0)+(d.user+d.system)}
function read(row:number){let at=row*W*3;for(let c=0;c<W;c++,at+=3) samples[c]=lin[u8[at]!]!}
let dk=Infinity,lt=-Infinity;
function mm(){for(let c=0;c<W;c++){const s=samples[c]!; if(s<dk)dk=s; if(s>lt)lt=s}}
function hor(){for(let c=0,o=0;c<S;c++,o+=stride){const f=first[c]!,n=count[c]!;let s=0;for(let a=0;a<n;a++)s+=weights[o+a]!*samples[f+a]!;line[c]=s}}
function ver(o:number,w:number){for(let c=0;c<S;c++)sums[o+c]=sums[o+c]!+w*line[c]!}
function fin(){for(let p=0;p<S*S;p++){const d=Math.min(lt,Math.max(dk,sums[p]!));out[p]=d+0*.5}}
for(let k=0;k<60;k++){ if(k===20) for(const n in T) T[n]=0;
 tm('read',()=>{for(let r=0;r<H;r++)read(r)}); tm('mm',()=>{for(let r=0;r<H;r++)mm()});
 tm('hor',()=>{for(let r=0;r<H;r++)hor()}); tm('ver',()=>{for(let r=0;r<H;r++){ver(r*S,.5)}});tm('fin',fin)}
for(const n in T) console.log(n,(T[n]/40/1000).toFixed(3),'ms');
