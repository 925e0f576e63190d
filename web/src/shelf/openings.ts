/** Three ways to begin, for whoever has nothing on the shelf yet. They are in Chinese whatever the desk speaks. */

export interface Opening {
  kind: string;
  title: string;
  text: string;
}

export const OPENINGS: readonly Opening[] = [
  {
    kind: "江湖",
    title: "断江渡",
    text: "雾从江上起来的时候，渡口只剩下一条船。船家把斗笠压得很低，也不问客人往哪里去，只伸出一只缺了两指的手来。沈青抹去剑鞘上的雨水，忽然认出了那只手。",
  },
  {
    kind: "现代",
    title: "末班车",
    text: "末班车开出隧道，车厢里只剩下我和一个抱着鱼缸的女人。鱼缸里没有水，她却一路低着头，像在数什么。到了终点站，她把鱼缸放在我膝上，说：“替我看一会儿，它怕生。”",
  },
  {
    kind: "古意",
    title: "借火",
    text: "永平三年冬，大雪封山，书生柳明远投宿于城西古寺。夜半有女子叩门，素衣不沾片雪，手提一盏无火之灯，但言家在山后，求借一星。生方举烛相就，忽见壁上画中，少了一人。",
  },
];
