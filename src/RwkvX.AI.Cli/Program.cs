Console.WriteLine("rwkvx");
