using System.Reflection;
using System.Reflection.Emit;

namespace RwkvX.AI.Tests.House;

/// <summary>All types that a type mentions: in its signatures and in the instructions of its methods.</summary>
internal static class TypeReferences
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    public static IEnumerable<Type> Of(Type type)
    {
        HashSet<Type> found = [];
        Add(found, type.BaseType);
        foreach (Type contract in type.GetInterfaces()) Add(found, contract);
        foreach (FieldInfo field in type.GetFields(Everything)) Add(found, field.FieldType);
        foreach (MethodBase method in type.GetMethods(Everything).Cast<MethodBase>().Concat(type.GetConstructors(Everything)))
            AddMethod(found, method);
        return found;
    }

    private static void AddMethod(HashSet<Type> found, MethodBase method)
    {
        if (method is MethodInfo { ReturnType: var returned }) Add(found, returned);
        foreach (ParameterInfo parameter in method.GetParameters()) Add(found, parameter.ParameterType);
        if (method.GetMethodBody() is not { } body) return;
        foreach (LocalVariableInfo local in body.LocalVariables) Add(found, local.LocalType);
        foreach (MemberInfo member in Members(method, body.GetILAsByteArray()!))
        {
            Add(found, member as Type ?? member.DeclaringType);
            if (member is MethodInfo { IsGenericMethod: true } generic)
                foreach (Type argument in generic.GetGenericArguments()) Add(found, argument);
        }
    }

    private static IEnumerable<MemberInfo> Members(MethodBase method, byte[] il)
    {
        Type[]? typeArguments = method.DeclaringType is { IsGenericType: true } declaring ? declaring.GetGenericArguments() : null;
        Type[]? methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (int at = 0; at < il.Length;)
        {
            short value = il[at++];
            if (value == 0xFE) value = (short)(0xFE00 | il[at++]);
            OpCode code = OpCodesByValue[value];
            if (code.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType
                && method.Module.ResolveMember(BitConverter.ToInt32(il, at), typeArguments, methodArguments) is { } member)
                yield return member;
            at += OperandSize(code.OperandType, il, at);
        }
    }

    private static int OperandSize(OperandType type, byte[] il, int at) => type switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
        _ => 4,
    };

    private static void Add(HashSet<Type> found, Type? type)
    {
        while (type?.HasElementType == true) type = type.GetElementType();
        if (type is null || type.IsGenericParameter || !found.Add(type) || !type.IsGenericType) return;
        foreach (Type argument in type.GetGenericArguments()) Add(found, argument);
    }
}
