/// <summary>The rooms that have a lamp.</summary>
internal enum Room
{
    Kitchen,
    Hall,
    Garden,
}
