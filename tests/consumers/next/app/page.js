export default function Page() {
  return <h1>edgegate</h1>;
}
