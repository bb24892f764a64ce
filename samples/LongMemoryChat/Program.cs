Console.WriteLine("LongMemoryChat");
